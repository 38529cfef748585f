// Stands before Material's own worker, whose messages are 0 set up, 1 ready, 2 query, 3 result.

// Material cuts the pages into Japanese words, but of a query only its runs of kanji. Cut the whole
// query, as the index was cut and as a dictionary would: each finds words that the other misses.
// A single kana, such as a particle, stands on every page.
const dictionary = new Intl.Segmenter("ja", { granularity: "word" })
const cut = query => query.replace(/[^\x00-\x7f]{2,}/g, run => {
  const found = Array.from(dictionary.segment(run), part => part.segment)
  const words = new Set([...lunr.segmenter.segment(run), ...found])
  return [...words].filter(word => !/^[ぁ-ん]$/.test(word)).join(" ") || run
})

// The index of a site weighs more than its pages, and few readers search: the one that Material
// loads with every page is empty, the whole one is loaded with the first query.
let setup, loading, ready, latest = 0
const hand = message => self.dispatchEvent(new MessageEvent("message", { data: { ...message, ours: true } }))
const load = async () => {
  const answer = await fetch(new URL("../../../search/pages.json", self.location))
  const { docs } = await answer.json()
  await new Promise(done => {
    ready = done
    hand({ ...setup, data: { ...setup.data, docs } })
  })
}
const post = self.postMessage.bind(self)
self.postMessage = message => message.type === 1 ? ready() : post(message)
self.addEventListener("message", event => {
  const message = event.data
  if (message.ours) return
  event.stopImmediatePropagation()
  if (message.type === 0) {
    setup = message
    post({ type: 1 })
  } else if (message.type === 2) {
    const asked = ++latest
    if (!message.data.trim()) return post({ type: 3, data: { items: [] } })
    loading ||= load()
    loading.then(
      () => asked === latest && hand({ ...message, data: cut(message.data) }),
      () => loading = null,
    )
  }
})
const material = self.location.search.slice(1)
if (/^search\.\w+\.min\.js$/.test(material)) importScripts(material)
