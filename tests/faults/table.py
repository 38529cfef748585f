"""Every fault by its number, and what shows that its promise is kept: a test in small, and where
there is one, a storm of ``./run faults`` at full size (its name there)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    name: str
    tests: tuple[str, ...]
    storm: str = ""


_STORMS = "tests.faults.test_storms"
_MAIL = "tests.faults.test_mail_server"
_LINE = "tests.sending.test_line_steps"
_KILLED = f"{_STORMS}:test_a_worker_killed_sends_nothing_twice_and_forgets_nothing"

FAULTS: dict[int, Fault] = {
    1: Fault("kill -9 before the claim's commit", (_KILLED,), "kill -9 before the claim's commit"),
    2: Fault("kill -9 after the claim", (_KILLED,), "kill -9 after the claim, before DATA"),
    3: Fault(
        "kill -9 between the 250 and the commit",
        (
            _KILLED,
            "tests.sending.test_reconciling:test_a_log_settles_what_it_names_and_nothing_is_sent_again",
        ),
        "kill -9 between the 250 and the commit",
    ),
    4: Fault("kill -9 after the commit", (_KILLED,), "kill -9 after the commit"),
    5: Fault(
        "Redis FLUSHALL",
        (f"{_STORMS}:test_a_redis_that_is_emptied_again_and_again_only_delays",),
        "flushall",
    ),
    6: Fault(
        "Redis down, full, read-only",
        (
            "tests.faults.test_redis_away:test_the_doors_answer_as_ever_and_the_sweep_finds_the_work",
        ),
    ),
    7: Fault(
        "PostgreSQL restart -m immediate",
        (f"{_STORMS}:test_a_store_pulled_out_in_the_middle_of_a_batch_makes_no_second_mail",),
        "store",
    ),
    8: Fault(
        "SQLite locked",
        (
            "tests.faults.test_store_away:test_a_store_that_another_program_locks_keeps_no_reader_waiting",
        ),
    ),
    9: Fault(
        "disk full",
        (
            f"{_MAIL}:test_a_full_disk_sends_nothing_that_it_cannot_claim_and_afterwards_all_once",
            "tests.faults.test_store_away:test_a_full_disk_loses_a_click_openly_and_gives_a_form_its_words_back",
        ),
    ),
    10: Fault(
        "SMTP refused, EOF before DATA",
        (
            f"{_MAIL}:test_a_server_that_is_away_is_asked_less_and_less_and_no_mail_fails_by_it",
            "tests.channels.test_smtp:test_a_connection_lost_before_the_message_is_nobodys_fault",
        ),
    ),
    11: Fault(
        "EOF after the final dot",
        (
            "tests.house.test_house:test_a_connection_cut_after_the_message_is_uncertain_and_never_sent_again",
        ),
    ),
    12: Fault(
        "greylist",
        (f"{_MAIL}:test_a_greylisted_step_comes_later_as_the_same_mail_and_shifts_no_day",),
    ),
    13: Fault(
        "421, rate limit",
        (f"{_MAIL}:test_a_server_that_says_too_much_slows_the_queue_and_fails_nobody",),
    ),
    14: Fault(
        "5.1.1, 5.7.1, 552",
        (
            "tests.webhooks.test_suppression:test_a_server_that_does_not_know_the_address_suppresses_it_too",
            "tests.webhooks.test_suppression:test_a_server_that_refuses_by_policy_is_asked_again_and_suppresses_nobody",
            f"{_MAIL}:test_a_mail_too_big_fails_alone_and_suppresses_nobody",
        ),
    ),
    15: Fault("several recipients", (f"{_MAIL}:test_every_mail_has_one_recipient",)),
    16: Fault(
        "several schedulers",
        (f"{_STORMS}:test_workers_at_the_same_moment_send_each_mail_once",),
        "crowd",
    ),
    17: Fault("one job ten times", (f"{_MAIL}:test_ten_workers_with_one_mail_send_one",)),
    18: Fault(
        "clock +3 d, -1 d",
        (f"{_STORMS}:test_a_clock_that_leaps_makes_no_burst_and_no_second_mail",),
        "clock",
    ),
    19: Fault(
        "DST, zone of the host",
        (
            "tests.scenarios.test_schedule:test_where_clocks_change_a_day_is_a_day_of_the_clock",
            "tests.scenarios.test_schedule:test_the_zone_of_the_host_changes_nothing",
        ),
    ),
    20: Fault(
        "down for a week",
        (
            "tests.scenarios.test_trusted_scenarios:test_after_a_week_of_downtime_there_is_no_burst",
            "tests.scenarios.test_trusted_scenarios:test_a_late_step_does_what_it_says",
        ),
    ),
    21: Fault(
        "unsubscribe racing with the claim",
        (f"{_STORMS}:test_who_unsubscribes_first_gets_no_mail",),
        "race",
    ),
    22: Fault(
        "erase during send",
        (
            "tests.store.test_erasure:test_an_erasure_in_the_middle_of_a_send_leaves_no_address_in_the_ledger",
        ),
    ),
    23: Fault(
        "SIGTERM",
        (f"{_STORMS}:test_a_worker_told_to_end_finishes_the_mail_in_hand_and_begins_no_other",),
        "sigterm",
    ),
    24: Fault(
        "migration with running workers",
        (
            "tests.store.test_engine:test_a_store_of_a_newer_version_is_one_sentence",
            "tests.store.test_engine:test_a_store_not_upgraded_is_one_sentence",
        ),
    ),
    25: Fault(
        "backup restored",
        (
            "tests.sending.test_reconciling:test_a_store_restored_from_an_hour_ago_sends_nothing_twice",
        ),
    ),
    26: Fault(
        "key rotated, key lost",
        (
            "tests.test_links:test_an_older_key_still_verifies_and_the_newest_signs",
            f"{_MAIL}:test_where_the_keys_are_lost_a_link_says_so_and_an_address_still_leads_out",
        ),
    ),
    27: Fault(
        "LINE: time-out, 500, 409, 429, 400",
        (
            f"{_LINE}:test_a_push_without_an_answer_is_made_again_under_its_key",
            f"{_LINE}:test_what_line_refuses_goes_by_mail_in_the_same_breath",
            f"{_LINE}:test_a_spent_quota_pauses_line_until_next_month_and_no_mail_is_lost",
            f"{_LINE}:test_a_rate_only_slows_down",
            f"{_LINE}:test_a_push_that_nobody_knows_of_for_a_day_is_uncertain_and_not_mailed",
        ),
    ),
    28: Fault(
        "webhook twice, out of order",
        (
            "tests.webhooks.test_suppression:test_told_twice_and_out_of_order_the_state_is_the_same",
            "tests.webhooks.test_suppression:test_line_told_twice_or_out_of_order_ends_the_same",
            f"{_LINE}:test_lines_words_twice_and_out_of_order_leave_the_same_link",
        ),
    ),
}
