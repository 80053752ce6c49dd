// What the pages do better with JavaScript. Everything works without it.
"use strict";

const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

const make = (tag, attributes, text) => {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  if (text) e.textContent = text;
  return e;
};

// One polite voice for what changes without a new page.
const voice = make("p", { class: "unseen", role: "status" });
document.body.append(voice);

// Show and hide a password. The button's name does not change with its state (aria-pressed tells it); what it shows does.
const hide = [];
for (const input of all("input[type=password]")) {
  const button = make("button", {
    type: "button", class: "show", "aria-controls": input.id, "aria-pressed": "false",
    "aria-label": "Show or hide password",
  }, "Show");
  const set = (shown) => {
    if (shown === (input.type === "text")) return;
    const { selectionStart, selectionEnd } = input;
    input.type = shown ? "text" : "password";
    if (document.activeElement === input) input.setSelectionRange(selectionStart, selectionEnd);
    else [input.selectionStart, input.selectionEnd] = [selectionStart, selectionEnd];
    button.textContent = shown ? "Hide" : "Show";
    button.setAttribute("aria-pressed", String(shown));
    voice.textContent = shown ? "Your password is shown" : "Your password is hidden";
  };
  // A press with a pointing device leaves the focus, and so the caret and a phone's keyboard, where they are.
  button.addEventListener("mousedown", (e) => e.preventDefault());
  button.addEventListener("click", () => set(input.type === "password"));
  input.after(button);
  hide.push(() => set(false));
}

// A form is sent once. Its button says so, and stays focusable.
const patience = 10000; // then it may be sent again: the answer may never come
for (const form of all("form")) {
  const button = form.querySelector("button[data-busy]");
  if (!button) continue;
  const idle = button.textContent;
  const rest = () => {
    delete form.dataset.sent;
    button.removeAttribute("aria-disabled");
    button.textContent = idle;
  };
  form.addEventListener("submit", (e) => {
    if ("sent" in form.dataset) {
      e.preventDefault();
      return;
    }
    form.dataset.sent = "";
    for (const f of hide) f(); // browsers offer to save what was typed as a password
    button.setAttribute("aria-disabled", "true");
    button.textContent = button.dataset.busy;
    setTimeout(rest, patience);
  });
  window.addEventListener("pageshow", rest); // back from the next page
}

// What went wrong is where the reader begins.
document.querySelector(".problems")?.focus();

// A menu closes with Escape, which gives the focus back, and when one turns to something else.
for (const menu of all("details.menu")) {
  const away = (e) => { if (!menu.contains(e.target)) menu.open = false; };
  document.addEventListener("click", away);
  document.addEventListener("focusin", away);
  menu.addEventListener("keydown", (e) => {
    if (e.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}

// Times in the viewer's zone, in the form the server wrote them in, so that nothing moves.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "local time";
const two = (n) => String(n).padStart(2, "0");
const local = (iso) => {
  const d = new Date(iso);
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ` +
    `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
};
// A time in words ("2 hours ago") stays, and has the moment in its title.
const inWords = all("time[title]");
const moments = all("time:not([title]), [data-time]").map((e) => {
  const iso = e.dateTime || e.dataset.time;
  const utc = e.textContent;
  if (e.dateTime) e.title = iso.slice(0, 19).replace("T", " ") + " UTC";
  // "2026-01-31 12:34:56", "2026-01-31 12:34", "12:34" or "12:34 UTC: and more"
  const there = utc[4] === "-" ? local(iso).slice(0, utc.length) : local(iso).slice(11, 16) + utc.slice(5).replace("UTC", zone);
  return (inZone) => { e.textContent = inZone ? there : utc; };
});
for (const e of inWords) e.title = `${local(e.dateTime)} ${zone}`;
const zones = all("[data-zone]");
const show = (inZone) => {
  for (const m of moments) m(inZone);
  for (const z of zones) z.textContent = inZone ? zone : "UTC";
};
if (zones.length > 0 && !/^(Etc\/)?(UTC|GMT)$/.test(zone)) {
  show(true);
  const button = make("button", { type: "button", class: "plain", "aria-pressed": "false" }, "Times in UTC");
  button.addEventListener("click", () => {
    const utc = button.getAttribute("aria-pressed") === "false";
    button.setAttribute("aria-pressed", String(utc));
    show(!utc);
  });
  zones[zones.length - 1].parentElement.append(" ", button);
}

// Copy a command.
for (const code of all("[data-copy]")) {
  const button = make("button", { type: "button", class: "plain" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      voice.textContent = "Copied";
      button.textContent = "Copied";
    } catch { // not on a secure address, or not allowed: mark it, the keyboard does the rest
      getSelection().selectAllChildren(code);
      voice.textContent = "Selected, ready to copy";
    }
  });
  code.parentElement.after(button);
}
