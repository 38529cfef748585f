// What a reader who agreed reads, sent to this site only; kept in memory, forgotten with the page.
;(() => {
  const IDLE = 3e4, DWELL = 1e3, BATCH = 100
  const SEARCH = /(^|\.)(google|bing|yahoo|duckduckgo|ecosia|baidu|brave)\./
  const SOCIAL = /(^|\.)(t\.co|line\.me|threads\.net|b\.hatena\.ne\.jp|bsky\.app|(x|twitter|facebook|instagram|linkedin|youtube|note)\.com)$/

  const said = () => {
    try { return __md_get("__consent").reading } catch { return false }
  }
  const agreed = () => !navigator.globalPrivacyControl && navigator.doNotTrack != 1 && said()

  const asked = location.search

  const ref = () => {
    if (/utm_medium=e?-?mail\b/i.test(asked)) return "mail"
    if (/utm_medium=[^&]*social/i.test(asked)) return "social"
    if (!document.referrer) return "direct"
    const { host, hostname } = new URL(document.referrer)
    if (host === location.host) return "internal"
    return SEARCH.test(hostname) ? "search" : SOCIAL.test(hostname) ? "social" : "referral"
  }

  let view

  const here = () => document.querySelector("[data-sodate-page]")?.dataset.sodatePage

  const note = event => view.events.push({ n: view.n++, ...event })

  // What counts once in a view, however often it happens.
  const once = event => {
    const key = JSON.stringify(event)
    if (view.told.has(key)) return
    view.told.add(key)
    note(event)
  }

  // Adds the time since the last sign of life, at most IDLE of it.
  const live = () => {
    const now = performance.now()
    if (view.awake) view.active += Math.min(now - view.alive, IDLE)
    view.alive = now
  }

  const send = () => {
    while (view.events.length && agreed()) {
      const body = JSON.stringify({ pv: view.pv, page: view.page, events: view.events.splice(0, BATCH) })
      navigator.sendBeacon("/e", body) ||
        fetch("/e", { method: "POST", body, keepalive: true }).catch(() => {})
    }
  }

  // Each leaving may be the last: the figures of a later one replace those of an earlier one.
  const leave = () => {
    if (!view) return
    live()
    if (view.awake || view.events.length)
      note({ e: "page_end", active_ms: view.active | 0, dwell_ms: view.alive - view.start | 0, done: view.done })
    view.awake = false
    send()
  }

  const stop = () => {
    view?.seen.disconnect()
    view?.timers.forEach(clearTimeout)
    view = null
  }

  const watch = () => {
    (document.querySelector("article") || document.body).querySelectorAll("h2[id],h3[id],[data-cta],[data-gate],[data-sodate-end]").forEach(target => view.seen.observe(target))
  }

  // ``key`` names the click in a mail that led here, and becomes the view's own name.
  const begin = (ref, key) => {
    leave()
    stop()
    const page = here()
    if (page == null || !agreed()) return
    const now = performance.now(), timers = new Map()
    const pv = key || crypto.getRandomValues(new BigUint64Array(1))[0].toString(16).padStart(16, 0)

    // What stays in view for DWELL is noted, once. Half of a CTA or a form has to be in view, or
    // half the window full of it, where it is higher than the window.
    const seen = new IntersectionObserver(entries => {
      for (const { target, isIntersecting, intersectionRect, boundingClientRect } of entries) {
        const { cta, gate } = target.dataset
        if (!isIntersecting || ((cta || gate) &&
            intersectionRect.height * 2.01 < Math.min(boundingClientRect.height, innerHeight))) {
          clearTimeout(timers.get(target))
          timers.delete(target)
        } else if (!timers.has(target)) timers.set(target, setTimeout(() => {
          timers.delete(target)
          seen.unobserve(target)
          if (document.hidden) seen.observe(target) // looked at when it shows
          else if (cta) once({ e: "cta_seen", cta })
          else if (gate) once({ e: "gate_open", gate })
          else if (target.id) once({ e: "section", id: target.id })
          else view.done = true
        }, DWELL))
      }
    }, { threshold: [0, .05, .1, .2, .3, .4, .5] })
    view = {
      pv, page, n: 0, events: [], timers, seen, told: new Set(),
      start: now, alive: now, active: 0, awake: !document.hidden, done: false
    }
    note({ e: "page_view", ref })
    watch()
  }

  for (const sign of ["scroll", "pointermove", "pointerdown", "keydown"])
    addEventListener(sign, () => view && live(), true)

  addEventListener("click", event => {
    const link = event.target.closest?.("[data-cta] a")
    if (!view || !link) return
    note({ e: "cta_click", cta: link.closest("[data-cta]").dataset.cta })
    send()
  }, true)

  // Which form was begun and which fields were filled in: names, never what was typed.
  for (const sign of ["focusin", "change"])
    addEventListener(sign, ({ type, target }) => {
      const gate = view && target.form?.dataset.gate
      if (!gate) return
      once({ e: "gate_open", gate })
      if (type === "change" && target.name) once({ e: "gate_field", gate, field: target.name })
    })

  // How much of a video was played, in quarters, not how far somebody jumped.
  addEventListener("timeupdate", ({ target: { dataset: { video }, played, duration } }) => {
    if (!view || !video) return
    let seconds = .5
    for (let i = played.length; i--;) seconds += played.end(i) - played.start(i)
    for (let percent = 25; percent <= 100 * seconds / duration; percent += 25)
      once({ e: "video_progress", video, percent })
  }, true)

  // Taken back: what was gathered is dropped, and the server forgets the cookie.
  addEventListener("reset", ({ target }) => {
    if (target.name !== "consent" || !said()) return
    stop()
    navigator.sendBeacon("/consent/withdraw")
  }, true)

  document.addEventListener("visibilitychange", () => {
    if (!view) return
    if (document.hidden) return leave()
    view.alive = performance.now()
    view.awake = true
  })
  addEventListener("pagehide", leave)
  addEventListener("pageshow", event => event.persisted && begin("internal"))

  let [, key] = /&k=([0-9a-f]{32})$/.exec(asked) || [], from = ref()
  // Whoever is handed the address from here on did not come by that mail.
  if (key) history.replaceState(history.state, "", location.pathname + location.hash)

  const draw = () => {
    // An anchor may draw the same page anew.
    view && view.page === here() ? watch() : begin(from, key)
    from = "internal"
    key = 0
  }
  window.document$ ? document$.subscribe(draw) : draw()
})()
