// Shows what is new every two seconds and stays where the reader is: at the end, if that is where
// they were.
"use strict";

const main = () => document.querySelector("main");
const toEnd = () => { main().scrollTop = main().scrollHeight; };

async function refresh() {
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) return;
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  const { scrollTop, clientHeight, scrollHeight } = main();
  const atEnd = scrollTop + clientHeight > scrollHeight - 40;
  for (const part of ["main", "aside"]) {
    const [old, fresh] = [document.querySelector(part), next.querySelector(part)];
    if (old && fresh && old.innerHTML !== fresh.innerHTML) old.innerHTML = fresh.innerHTML;
  }
  if (atEnd) toEnd();
}

addEventListener("load", toEnd);
// A server that is gone for a moment is asked again.
setInterval(() => refresh().catch(() => {}), 2000);
