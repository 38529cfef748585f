// What a reader who agreed reads, sent to this site only; kept in memory, forgotten with the page.
;(() => {
  const IDLE = 30000, DWELL = 1000, BATCH = 100
  const SEARCH = /(^|\.)(google|bing|yahoo|duckduckgo|ecosia|baidu|brave)\./
  const SOCIAL = /(^|\.)(t\.co|x\.com|twitter\.com|facebook\.com|instagram\.com|linkedin\.com|line\.me|threads\.net|youtube\.com|b\.hatena\.ne\.jp|bsky\.app|note\.com)$/

  const agreed = () => {
    if (navigator.globalPrivacyControl || navigator.doNotTrack === "1") return false
    try { return __md_get("__consent").reading === true } catch { return false }
  }

  const ref = () => {
    const campaign = new URLSearchParams(location.search).get("utm_medium") || ""
    if (/^e?-?mail$/i.test(campaign)) return "mail"
    if (/social/i.test(campaign)) return "social"
    if (!document.referrer) return "direct"
    const { host, hostname } = new URL(document.referrer)
    if (host === location.host) return "internal"
    return SEARCH.test(hostname) ? "search" : SOCIAL.test(hostname) ? "social" : "referral"
  }

  let view

  const note = event => view.events.push({ n: view.n++, ...event })

  // Adds the time since the last sign of life, at most IDLE of it.
  const live = () => {
    const now = performance.now()
    if (view.awake) view.active += Math.min(now - view.alive, IDLE)
    view.alive = now
  }

  const send = () => {
    while (view.events.length) {
      const body = JSON.stringify({ pv: view.pv, page: view.page, events: view.events.splice(0, BATCH) })
      if (!navigator.sendBeacon("/e", body))
        fetch("/e", { method: "POST", body, keepalive: true }).catch(() => {})
    }
  }

  // Each leaving may be the last: the figures of a later one replace those of an earlier one.
  const leave = () => {
    if (!view) return
    live()
    const dwell = performance.now() - view.start
    if (view.awake || view.events.length)
      note({ e: "page_end", active_ms: Math.round(view.active), dwell_ms: Math.round(dwell), done: view.done })
    view.awake = false
    send()
  }

  const end = () => {
    leave()
    if (view) {
      view.seen.disconnect()
      view.timers.forEach(clearTimeout)
    }
    view = null
  }

  const begin = from => {
    end()
    const marker = document.querySelector("[data-sodate-page]")
    if (!marker || !agreed()) return
    const now = performance.now(), timers = new Map()
    const pv = Array.from(crypto.getRandomValues(new Uint8Array(8)), b => b.toString(16).padStart(2, "0")).join("")
    const article = document.querySelector("article") || document.body
    const headings = [...article.querySelectorAll("h2[id],h3[id]")]

    // What stays in view for DWELL is noted, once; a CTA has to be half in view.
    const seen = new IntersectionObserver(entries => {
      for (const { target, isIntersecting, intersectionRatio } of entries) {
        const cta = target.dataset.cta
        clearTimeout(timers.get(target))
        if (!isIntersecting || (cta && intersectionRatio < .5)) continue
        timers.set(target, setTimeout(() => {
          if (document.visibilityState !== "visible") return
          seen.unobserve(target)
          if (cta) note({ e: "cta_seen", cta })
          else if (target.id) note({ e: "section", id: target.id, i: headings.indexOf(target) + 1 })
          else view.done = true
        }, DWELL))
      }
    }, { threshold: [0, .5] })
    view = {
      pv, page: marker.dataset.sodatePage, n: 0, events: [], timers, seen,
      start: now, alive: now, active: 0, awake: document.visibilityState === "visible", done: false,
    }
    note({ e: "page_view", ref: from })
    article.querySelectorAll("h2[id],h3[id],[data-cta],[data-sodate-end]").forEach(target => seen.observe(target))
  }

  for (const sign of ["scroll", "pointermove", "pointerdown", "keydown"])
    addEventListener(sign, () => view && live(), { passive: true, capture: true })

  addEventListener("click", event => {
    const link = event.target.closest && event.target.closest("[data-cta] a")
    if (!view || !link) return
    note({ e: "cta_click", cta: link.closest("[data-cta]").dataset.cta })
    send()
  }, true)

  document.addEventListener("visibilitychange", () => {
    if (!view) return
    if (document.visibilityState === "hidden") return leave()
    view.alive = performance.now()
    view.awake = true
  })
  addEventListener("pagehide", leave)
  addEventListener("pageshow", event => event.persisted && begin("internal"))

  if (typeof document$ === "undefined") begin(ref())
  else {
    let first = true
    document$.subscribe(() => {
      begin(first ? ref() : "internal")
      first = false
    })
  }
})()
