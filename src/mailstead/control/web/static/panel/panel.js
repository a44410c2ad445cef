// What the panel does more when scripts run; every page works without.
const root = document.documentElement;
root.classList.remove("no-js");

// Copy buttons say that they have copied, also to who hears the page.
const said = document.createElement("div");
said.className = "hidden";
said.setAttribute("role", "status");
document.body.append(said);

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  const words = button.querySelector("span");
  const before = words.textContent;
  words.textContent = said.textContent = button.dataset.done;
  setTimeout(() => { words.textContent = before; said.textContent = ""; }, 2000);
});

// The menu is closed on a small screen until it is asked for.
const side = document.querySelector("details.side");
const small = matchMedia("(max-width: 56rem)");
const fold = () => { if (side) side.open = !small.matches; };
small.addEventListener("change", fold);
fold();

// After a refused form the summary of its faults is read first.
const faults = (where) => where.querySelector("[data-focus]")?.focus();
faults(document);

// htmx sends the token that Django wants; a failed request says so instead of nothing.
document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector("input[name=csrfmiddlewaretoken]")?.value;
  if (token) event.detail.headers["X-CSRFToken"] = token;
});
document.addEventListener("htmx:afterSwap", (event) => faults(event.target));

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) { event.preventDefault(); return; }
  if (form.method === "post" && !form.dataset.again) {
    form.dataset.sent = "yes";
    setTimeout(() => { delete form.dataset.sent; }, 4000);
  }
});

// The reader's time zone, offered where none is set.
const zone = document.querySelector("[data-time-zone]");
if (zone && !zone.value) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
// Printing pages.
document.addEventListener("click", (event) => { if (event.target.closest("[data-print]")) print(); });
