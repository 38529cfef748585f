// The forms without a detour: errors beside their fields before sending, one diagnosis question
// at a time, and, only where the reader asks for it, what to fill in next time. Without this script
// the forms work as they stand. It may run again on the same page: each form is taken once.
;(() => {
  const KEPT = "sodate.reader", KEEPABLE = ["name", "company", "email"]
  const born = performance.now()

  const make = (tag, attributes, text) => {
    const element = document.createElement(tag)
    for (const name in attributes) element.setAttribute(name, attributes[name])
    if (text) element.textContent = text
    return element
  }

  // Storage may be closed to us: then nothing is kept, and nothing breaks.
  const stored = (store, key) => {
    try { return JSON.parse(window[store].getItem(key)) } catch { return null }
  }
  const store = (store, key, value) => {
    try {
      if (value) window[store].setItem(key, JSON.stringify(value))
      else window[store].removeItem(key)
      return true
    } catch { return false }
  }

  const labelOf = control => control.closest("[data-label]").dataset.label

  // What the tracker would say. It has the last word: nothing is refused here that it would take.
  const faultOf = control => {
    const value = control.value.normalize("NFKC").trim(), label = labelOf(control)
    if (control.type === "radio") {
      const chosen = [...control.form.elements[control.name]].some(other => other.checked)
      return chosen ? "" : "ひとつ選んでください"
    }
    if (control.type === "checkbox")
      return control.required && !control.checked ? "お送りするには、文面をお読みのうえチェックが必要です" : ""
    if (!value) {
      if (!control.required) return ""
      return label + (control.tagName === "SELECT" ? "を選んでください" : "を入力してください")
    }
    if (control.type !== "email") return ""
    const [local, domain, more] = value.split("@")
    if (!domain || !local || more !== undefined || value.includes(","))
      return "メールアドレスは1つだけ、「@」を入れて入力してください（例: taro@example.jp）"
    if (/^\.|\.$|\.\./.test(local))
      return "「.」が続くアドレスや「.」で始まる・終わるアドレスには届けられません。別のアドレスを入力してください"
    if (!/.\../.test(domain)) return "メールアドレスの形が正しくないようです（例: taro@example.jp）"
    return ""
  }

  const show = (control, fault) => {
    const box = control.closest(".sodate-field, .sodate-question")
    const described = control.type === "radio" ? box : control
    const marked = control.type === "radio" ? box.querySelectorAll("input") : [control]
    const id = (control.type === "radio" ? marked[0].id : control.id) + "-error"
    let line = document.getElementById(id)
    if (fault && !line) {
      line = make("p", { class: "sodate-error", id })
      if (control.type === "radio") box.querySelector("legend").after(line)
      else if (control.type === "checkbox") box.append(line)
      else control.after(line)
    }
    if (fault) line.textContent = fault
    else if (line) line.remove()
    const ids = (described.getAttribute("aria-describedby") || "").split(" ").filter(i => i && i !== id)
    if (fault) ids.push(id)
    if (ids.length) described.setAttribute("aria-describedby", ids.join(" "))
    else described.removeAttribute("aria-describedby")
    for (const one of marked)
      if (fault) one.setAttribute("aria-invalid", "true")
      else one.removeAttribute("aria-invalid")
    box.classList.toggle("sodate-field--wrong", !!fault)
  }

  // The controls to judge: one of each group of radio buttons.
  const judged = form => [...form.elements].filter((control, n, all) =>
    control.name && control.closest("[data-label]") &&
    (control.type !== "radio" || all.findIndex(other => other.name === control.name) === n))

  // The same summary that the tracker puts above a form that comes back.
  const summarise = (form, faults) => {
    form.querySelector(".sodate-errors")?.remove()
    if (!faults.length) return
    const box = make("div", { class: "sodate-errors", role: "alert", tabindex: "-1" })
    box.append(make("p", { class: "sodate-errors__title" }, faults.length + "か所をご確認ください"))
    const list = make("ul")
    for (const [control, fault] of faults) {
      const line = make("li"), link = make("a", { href: "#" + control.id }, labelOf(control))
      link.addEventListener("click", event => {
        event.preventDefault()
        event.stopPropagation() // instant navigation would draw the page anew, without the words
        control.focus()
      })
      line.append(link, "：" + fault)
      list.append(line)
    }
    box.append(list)
    form.prepend(box)
  }

  const check = form => {
    const faults = judged(form).map(control => [control, faultOf(control)])
    for (const [control, fault] of faults) show(control, fault)
    const wrong = faults.filter(([, fault]) => fault)
    summarise(form, wrong)
    if (wrong.length) wrong[0][0].focus()
    return !wrong.length
  }

  // A fault told while the pointer is down would push away what it is about to press.
  let pressed = false
  addEventListener("pointerdown", () => { pressed = true }, true)
  const released = then => pressed ? addEventListener("pointerup", () => setTimeout(then, 50), { once: true }) : then()
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => { pressed = false }, true)

  const checkAlong = form => {
    form.noValidate = true
    form.addEventListener("focusout", ({ target }) => {
      if (target.type !== "radio" && target.name && target.value && target.closest("[data-label]"))
        released(() => show(target, faultOf(target)))
    })
    form.addEventListener("input", ({ target }) => {
      if (target.closest(".sodate-field--wrong[data-label]") && !faultOf(target)) show(target, "")
    })
  }

  // One press, one form. The mark goes when the page is shown again, or when nothing came of it.
  const sendOnce = form => {
    const button = form.querySelector("[type=submit]"), words = button.textContent
    const free = () => {
      delete form.dataset.sending
      button.removeAttribute("aria-disabled")
      button.textContent = words
    }
    addEventListener("pageshow", event => event.persisted && free())
    form.addEventListener("submit", event => {
      if (form.dataset.sending) event.preventDefault()
      if (event.defaultPrevented) return
      form.dataset.sending = "yes"
      button.setAttribute("aria-disabled", "true")
      button.textContent = "送っています…"
      setTimeout(free, 10000)
    })
  }

  // Kept on this device, and only when the reader ticks the box and sends.
  const remember = form => {
    const own = KEEPABLE.map(name => form.elements.namedItem(name)).filter(control => control?.closest("[data-label]"))
    if (!own.length || !store("localStorage", KEPT + ".probe", null)) return
    const id = own[0].id.replace(/[^-]+$/, "keep")
    const box = make("div", { class: "sodate-keep" })
    const said = make("p", { class: "sodate-keep__said", role: "status" })
    const tick = make("input", { type: "checkbox", id })
    const offer = make("p", { class: "sodate-keep__offer" })
    offer.append(tick, make("label", { for: id }, "次からの入力を省く（この端末に保存）"))
    const forget = make("button", { type: "button", class: "sodate-keep__forget" }, "保存した内容を消す")
    box.append(said, offer, forget)
    form.querySelector(".sodate-send").before(box)
    const kept = () => stored("localStorage", KEPT)
    const draw = () => {
      offer.hidden = !!kept()
      forget.hidden = !kept()
    }
    let filled = false
    for (const control of kept() ? own : [])
      if (!control.value && kept()[control.name]) {
        control.value = kept()[control.name]
        filled = true
      }
    if (filled) said.textContent = "この端末に保存した内容を入れました。"
    draw()
    forget.addEventListener("click", () => {
      for (const control of own) if (control.value === kept()[control.name]) control.value = ""
      store("localStorage", KEPT, null)
      said.textContent = "保存した内容を消しました。"
      draw()
      tick.focus()
    })
    form.addEventListener("submit", event => {
      if (event.defaultPrevented || !(tick.checked || kept())) return
      store("localStorage", KEPT, Object.fromEntries(own.map(control => [control.name, control.value.trim()])))
    })
  }

  // The questions one at a time, the answers kept for as long as the tab is open.
  const stepThrough = form => {
    const questions = [...form.querySelectorAll(".sodate-question")], key = "sodate." + form.dataset.gate
    const kept = stored("sessionStorage", key) || {}
    const answers = () => Object.fromEntries([...new FormData(form)].filter(([name]) => name !== "page"))
    for (const name in kept.answers) {
      const choice = form.querySelector(`[name="${CSS.escape(name)}"][value="${CSS.escape(kept.answers[name])}"]`)
      if (choice) choice.checked = true
    }
    const send = form.querySelector("[type=submit]"), last = send.textContent
    const progress = make("progress", { max: questions.length, "aria-label": "進み具合" })
    const line = make("p", { class: "sodate-progress" })
    line.append(progress)
    form.prepend(line)
    form.querySelector(".sodate-onebyone")?.remove()
    const back = make("button", { type: "button", class: "sodate-back__button" }, "前の質問へ戻る")
    send.after(back)
    form.classList.add("sodate-step")
    let at = Math.min(kept.at || 0, questions.length - 1)
    const keep = () => store("sessionStorage", key, { at, answers: answers() })
    const draw = () => {
      questions.forEach((question, n) => { question.hidden = n !== at })
      progress.value = at + 1
      progress.textContent = at + 1 + " / " + questions.length
      back.hidden = !at
      send.textContent = at < questions.length - 1 ? "次の質問へ" : last
      keep()
    }
    const turn = to => {
      at = to
      draw()
      const choices = questions[at].querySelectorAll("input");
      ([...choices].find(choice => choice.checked) || choices[0]).focus({ preventScroll: true })
      if (form.getBoundingClientRect().top < 0) form.scrollIntoView()
    }
    back.addEventListener("click", () => turn(at - 1))
    form.addEventListener("change", ({ target }) => {
      show(target, "")
      keep()
    })
    form.addEventListener("submit", event => {
      const first = questions[at].querySelector("input"), fault = faultOf(first)
      show(first, fault)
      if (fault) first.focus()
      else if (at < questions.length - 1) turn(at + 1)
      else {
        const open = questions.findIndex(question => !question.querySelector(":checked"))
        if (open < 0) return
        turn(open)
      }
      event.preventDefault()
    })
    draw()
  }

  for (const form of document.querySelectorAll("form.sodate-form:not([data-taken])")) {
    form.dataset.taken = "yes"
    checkAlong(form)
    if (form.classList.contains("sodate-diagnosis") && form.querySelectorAll(".sodate-question").length > 1
        && !form.querySelector(".sodate-errors")) stepThrough(form)
    else form.addEventListener("submit", event => {
      if (!form.dataset.sending && !check(form)) event.preventDefault()
    })
    const took = form.elements.namedItem("took")
    form.addEventListener("submit", () => { if (took) took.value = Math.round(performance.now() - born) })
    sendOnce(form)
    remember(form)
    const summary = form.querySelector(".sodate-errors")
    if (summary) summary.focus()
  }

  // What was open when the site was built, and is over now.
  for (const open of document.querySelectorAll("[data-until]"))
    if (Date.parse(open.dataset.until) <= Date.now()) {
      open.hidden = true
      open.nextElementSibling.hidden = false
    }

  for (const line of document.querySelectorAll("[data-print]")) {
    line.hidden = false
    line.querySelector("button").addEventListener("click", () => print())
  }
})()
