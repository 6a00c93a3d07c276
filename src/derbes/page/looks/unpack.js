// Puts the script that lies packed in front of this one into the page. Where it cannot, tables stay plain tables.
(async () => {
  const here = document.currentScript;
  const packed = Uint8Array.from(atob(here.previousElementSibling.textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const script = document.createElement("script");
  script.textContent = await new Response(stream).text();
  here.after(script);
})();
