// See __init__.py. What was done already is remembered in the window: this runs at every run of the page's script.
const BOX = '[data-testid="stChatInput"] textarea, .st-key-description textarea';
const CHOICES = '[class*="st-key-thread-"], .st-key-new-thread, [class*="st-key-nav-"], [class*="st-key-found-"]';
const GESTURES = ["wheel", "touchmove", "keydown", "pointerdown"];
const PHONE = "(max-width: 768px)";

// Calls `done` with what `find` finds, as soon as it does, for `seconds` at most.
function when(find, done, seconds) {
  const end = Date.now() + seconds * 1000;
  const look = () => {
    const found = find();
    if (found) done(found);
    else if (Date.now() < end) setTimeout(look, 120);
  };
  look();
}

function scroller(element) {
  for (let at = element.parentElement; at; at = at.parentElement) {
    const flow = getComputedStyle(at).overflowY;
    if ((flow === "auto" || flow === "scroll") && at.scrollHeight > at.clientHeight + 1) return at;
  }
  return null;
}

// To the end, and along with the answer as it grows, until the box is open again or the person scrolls away.
function bring(key) {
  when(() => document.querySelector(`.st-key-${CSS.escape(key)}`), (element) => {
    let end = Date.now() + 600_000;
    let left = false;
    const leave = (event) => { left ||= event.type !== "keydown" || ["ArrowUp", "PageUp", "Home"].includes(event.key); };
    for (const kind of GESTURES) document.addEventListener(kind, leave, { passive: true });
    const follow = () => {
      const frame = !left && element.isConnected && Date.now() < end && scroller(element);
      if (!frame && (left || Date.now() >= end)) {
        for (const kind of GESTURES) document.removeEventListener(kind, leave);
        return;
      }
      if (frame) frame.scrollTop = frame.scrollHeight;
      else element = document.querySelector(`.st-key-${CSS.escape(key)}`) || element;
      if (openBox()) end = Math.min(end, Date.now() + 2500);
      setTimeout(follow, 150);
    };
    follow();
  }, 10);
}

function openBox() {
  return [...document.querySelectorAll(BOX)].find((box) => !box.disabled && box.offsetParent);
}

// Only where a keyboard is at hand (on a phone it would cover the page), and never away from something else.
function focus(seconds) {
  if (matchMedia("(pointer: coarse)").matches) return;
  when(
    openBox,
    (box) => { if (document.activeElement === document.body) box.focus({ preventScroll: true }); },
    seconds,
  );
}

function closeDrawer(event) {
  const chosen = event.target.closest?.('[data-testid="stSidebar"]') && event.target.closest(CHOICES);
  if (!chosen || !event.target.closest("button") || !matchMedia(PHONE).matches) return;
  setTimeout(() => document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click(), 250);
}

// A notice is a dialog without a name: it is named by its words.
function nameNotices() {
  for (const notice of document.querySelectorAll('[data-testid="stToast"]:not([aria-label])')) {
    notice.setAttribute("aria-label", notice.textContent.trim() || "Notice");
  }
}

export default function ({ data }) {
  const memory = (window.gptsmith ??= {});
  if (!memory.listening) {
    memory.listening = true;
    document.addEventListener("click", closeDrawer);
    new MutationObserver(nameNotices).observe(document.body, { childList: true, subtree: true });
  }
  if (data.place !== memory.place) {
    memory.place = data.place;
    focus(15);
  }
  if (data.brought && data.brought !== memory.brought) {
    memory.brought = data.brought;
    bring(data.brought);
    setTimeout(() => focus(600), 1500); // the box is closed until the answer is there
  }
}
