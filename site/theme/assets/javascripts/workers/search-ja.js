// Material cuts the pages into Japanese words, but of a query only its runs of kanji. Cut the whole
// query, as the index was cut and as a dictionary would: each finds words that the other misses.
// A single kana, such as a particle, stands on every page.
const dictionary = new Intl.Segmenter("ja", { granularity: "word" })
self.addEventListener("message", ({ data: message }) => {
  if (message.type !== 2 || typeof message.data !== "string") return
  message.data = message.data.replace(/[^\x00-\x7f]{2,}/g, run => {
    const cut = Array.from(dictionary.segment(run), part => part.segment)
    const words = new Set([...lunr.segmenter.segment(run), ...cut])
    return [...words].filter(word => !/^[ぁ-ん]$/.test(word)).join(" ") || run
  })
})
const material = self.location.search.slice(1)
if (/^search\.\w+\.min\.js$/.test(material)) importScripts(material)
