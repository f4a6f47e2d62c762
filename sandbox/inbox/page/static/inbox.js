// Reads the page again every two seconds and replaces what changed; the scroll position and open details stay.
let tag = null;

async function refresh() {
  const response = await fetch("/", { cache: "no-store", headers: tag ? { "If-None-Match": tag } : {} });
  if (response.status !== 200) return;
  const known = tag !== null;
  tag = response.headers.get("ETag");
  const next = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("inbox");
  const here = document.getElementById("inbox");
  if (!known && next.innerHTML === here.innerHTML) return;
  const open = [...here.querySelectorAll("details[open]")].map((details) => details.id);
  const { scrollX, scrollY } = window;
  here.replaceWith(next);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  window.scrollTo(scrollX, scrollY);
}

setInterval(() => refresh().catch(() => {}), 2000);
