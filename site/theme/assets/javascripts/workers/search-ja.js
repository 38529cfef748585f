// The index holds Japanese words, the query arrives as a run of letters: cut it into words too.
const words = new Intl.Segmenter("ja", { granularity: "word" })
self.addEventListener("message", event => {
  const message = event.data
  if (message.type === 2 && typeof message.data === "string")
    message.data = message.data.replace(/[^\x00-\x7f]{2,}/g, run =>
      Array.from(words.segment(run), part => part.segment).join(" "))
})
const material = self.location.search.slice(1)
if (/^search\.\w+\.min\.js$/.test(material)) importScripts(material)
