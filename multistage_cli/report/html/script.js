"use strict";
(() => {
  const NAME = "\u0001";
  const SIGNS = { rerun: "↻", maybe: "~", cached: "✓", none: "·", away: "-" };
  const WORDS = { rerun: "re-runs", maybe: "may re-run", cached: "stays cached", none: "nothing to run", away: "not built" };
  const MOST_PICKS = 200;
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const byId = (name) => document.getElementById(name);
  const data = JSON.parse(byId("changes-data").textContent);
  const root = document.documentElement;
  const hashOf = (link) => link.getAttribute("href"); // an `a` of SVG has no `hash`

  const make = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };
  const say = (words) => { byId("said").textContent = words; };
  for (const element of all(".js")) element.hidden = element.id === "answer";

  // The theme: the system's until a person chooses.
  const themeButton = byId("theme");
  const isDark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme:dark)").matches ? "dark" : "light")) === "dark";
  const nameTheme = () => {
    themeButton.textContent = isDark() ? "Light" : "Dark";
    themeButton.setAttribute("aria-label", `Use ${isDark() ? "light" : "dark"} colours`);
  };
  try {
    const kept = localStorage.getItem("multistage-theme");
    if (kept === "light" || kept === "dark") root.dataset.theme = kept;
  } catch { /* a page that was opened as a file may not remember */ }
  themeButton.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("multistage-theme", root.dataset.theme); } catch { /* as above */ }
    nameTheme();
  });
  matchMedia("(prefers-color-scheme:dark)").addEventListener("change", nameTheme);
  nameTheme();

  // Lines of the Dockerfile.
  const box = one(".source-box");
  const lineOf = (number) => byId(`L${number}`);
  const light = (numbers, { scroll = true } = {}) => {
    for (const line of all(".source .lit")) line.classList.remove("lit");
    const lines = numbers.map(lineOf).filter(Boolean);
    for (const line of lines) line.classList.add("lit");
    if (!scroll || !lines.length) return;
    const first = lines[0];
    const inside = box.scrollHeight > box.clientHeight;
    if (inside) box.scrollTop = first.offsetTop - box.clientHeight / 4;
    return first;
  };
  const range = (first, last) => {
    const numbers = [];
    for (let number = first; number <= Math.min(last, first + 2000); number += 1) numbers.push(number);
    return numbers;
  };
  const isInView = (element) => {
    const place = element.getBoundingClientRect();
    return place.bottom > 0 && place.top < innerHeight;
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#L"]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const first = Number(link.hash.slice(2));
    const line = light(range(first, Number(link.dataset.last || first)));
    if (!line) return;
    history.replaceState(null, "", link.hash);
    if (!isInView(line)) line.scrollIntoView({ block: "center" });
    line.tabIndex = -1;
    line.focus({ preventScroll: true });
    say(`Line ${first}: ${line.firstChild?.textContent ?? ""}`);
  });
  for (const finding of all(".finding")) {
    const show = () => light(range(Number(finding.dataset.first), Number(finding.dataset.last)));
    finding.addEventListener("pointerenter", show);
    finding.addEventListener("focusin", show);
  }

  // The picture and its details.
  const svg = one("svg.flow");
  const boxes = all("a", svg).filter((link) => one(".stage", link));
  const arrows = all("g.arrow[data-to]", svg);
  const details = byId("details");
  const frame = byId("graph");
  const stagesGrid = one(".stages");
  let chosen = null;
  const describe = (name) => {
    const element = byId(name);
    return element ? { name, element } : null;
  };
  const drawnFor = (name) => {
    if (name.startsWith("arrow-")) return arrows[Number(name.slice(6))];
    return boxes.find((link) => hashOf(link) === `#${name}`);
  };
  const trace = (name) => {
    for (const element of all(".on", svg)) element.classList.remove("on");
    svg.classList.toggle("tracing", Boolean(name));
    if (!name) return;
    const stages = new Set();
    if (name.startsWith("arrow-")) {
      const arrow = arrows[Number(name.slice(6))];
      if (!arrow) { svg.classList.remove("tracing"); return; }
      arrow.classList.add("on");
      stages.add(arrow.dataset.from).add(arrow.dataset.to);
    } else {
      const index = name.slice(6);
      if (!drawnFor(name)) { svg.classList.remove("tracing"); return; }
      stages.add(index);
      for (const arrow of arrows) {
        if (arrow.dataset.from === index || arrow.dataset.to === index) {
          arrow.classList.add("on");
          stages.add(arrow.dataset.from).add(arrow.dataset.to);
        }
      }
    }
    for (const stage of all(".stage[data-stage]", svg)) stage.classList.toggle("on", stages.has(stage.dataset.stage));
    // What comes from outside has no index: it stays visible where its arrow is.
    for (const external of all(".external", svg)) external.classList.toggle("on", false);
  };
  const present = (name) => {
    for (const element of all(".detail.shown", details)) element.classList.remove("shown");
    byId(name)?.classList.add("shown");
  };
  const linesOf = (article) => article.dataset.lines
    ? article.dataset.lines.split(" ").map(Number)
    : range(Number(article.dataset.first), Number(article.dataset.last));
  const choose = (name, { quietly = false } = {}) => {
    const found = describe(name);
    if (!found) return;
    for (const element of all(".chosen", svg)) element.classList.remove("chosen");
    chosen = name;
    const drawn = drawnFor(name);
    drawn?.classList.add("chosen");
    present(name);
    for (const element of items) element.removeAttribute("aria-current");
    drawn?.setAttribute("aria-current", "true");
    if (quietly) return;
    trace(name);
    light(linesOf(found.element));
    details.scrollTop = 0;
    say(`${one("h3", found.element).textContent}. ${one("p", found.element).textContent}`);
  };
  const unchoose = () => {
    trace(null);
    light([], { scroll: false });
  };
  // In the order in which the stages are read: each one, then what crosses into it.
  const items = boxes.flatMap((link) => {
    const index = hashOf(link).slice(7);
    return [link, ...arrows.filter((arrow) => arrow.dataset.to === index)];
  });
  const nameOf = (item) => hashOf(item) ? hashOf(item).slice(1) : `arrow-${arrows.indexOf(item)}`;
  const rove = (item) => {
    for (const other of items) other.setAttribute("tabindex", other === item ? "0" : "-1");
  };
  for (const arrow of arrows) {
    arrow.setAttribute("role", "button");
    arrow.setAttribute("aria-label", one("title", arrow).textContent);
    const hit = one(".wire", arrow).cloneNode();
    hit.setAttribute("class", "hit");
    arrow.append(hit);
  }
  const hovers = matchMedia("(hover:hover)");
  const canPreview = () => hovers.matches && details.offsetTop < frame.offsetTop + frame.offsetHeight;
  let leaving = 0;
  for (const item of items) {
    const name = nameOf(item);
    item.addEventListener("pointerenter", () => {
      clearTimeout(leaving);
      trace(name);
      if (canPreview()) present(name);
    });
    item.addEventListener("pointerleave", () => {
      leaving = setTimeout(() => { trace(null); if (chosen) present(chosen); }, 60);
    });
    item.addEventListener("focus", () => { trace(name); if (canPreview()) present(name); });
    item.addEventListener("blur", (event) => {
      trace(null);
      // Who goes on into the details of what was looked at stays there.
      if (details.contains(event.relatedTarget)) choose(name, { quietly: true });
      else if (chosen) present(chosen);
    });
    item.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      rove(item);
      choose(name);
      const article = byId(name);
      if (!isInView(article)) article.scrollIntoView({ block: "nearest" });
    });
    item.addEventListener("keydown", (event) => {
      const place = items.indexOf(item);
      const to = { ArrowRight: place + 1, ArrowDown: place + 1, ArrowLeft: place - 1, ArrowUp: place - 1, Home: 0, End: items.length - 1 }[event.key];
      if (to !== undefined) {
        event.preventDefault();
        const next = items[(to + items.length) % items.length];
        rove(next);
        next.focus();
        next.scrollIntoView({ block: "nearest", inline: "nearest" });
      } else if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        choose(name);
      }
    });
  }
  if (items.length) rove(items[0]);
  stagesGrid.classList.add("js-on");
  details.classList.add("folded");
  // The style sheet makes it fit, as long as it can be read then; from there on a person decides.
  const natural = svg.viewBox.baseVal;
  const zoomed = () => svg.getBoundingClientRect().width / natural.width;
  const scale = (to) => {
    frame.classList.add("zoomed");
    const factor = Math.min(Math.max(to, 0.2), 3);
    svg.setAttribute("width", natural.width * factor);
    svg.setAttribute("height", natural.height * factor);
    say(`Picture at ${Math.round(zoomed() * 100)}%`);
  };
  for (const button of all("[data-zoom]")) {
    button.addEventListener("click", () => {
      const factor = Number(button.dataset.zoom);
      scale(factor ? zoomed() * factor : Math.min(1, frame.clientWidth / natural.width));
    });
  }
  const showAll = byId("show-all");
  const fold = (folded) => {
    details.classList.toggle("folded", folded);
    showAll.setAttribute("aria-pressed", String(!folded));
  };
  showAll.addEventListener("click", () => fold(!details.classList.contains("folded")));
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#stage-"],a[href^="#arrow-"]');
    if (!link || link.closest("svg") || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    choose(link.hash.slice(1));
    const heading = one("h3", byId(link.hash.slice(1)));
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    heading.scrollIntoView({ block: "nearest" });
  });
  const target = one(".flow .target[data-stage]");
  choose(target ? `stage-${target.dataset.stage}` : one(".detail", details)?.id, { quietly: true });
  if (/^#(stage|arrow)-\d+$/.test(location.hash)) choose(location.hash.slice(1));

  // What a change rebuilds.
  const input = byId("pick");
  const picks = byId("picks");
  const note = byId("pick-note");
  const answer = byId("answer");
  const KINDS = [["files", ""], ["folders", "all in the folder"], ["arguments", "build argument"], ["images", "image"]];
  const things = KINDS.flatMap(([group, kind]) => data[group].map(([name, outcome]) => ({ group, kind, name, outcome })));
  let picked = null;
  const OPTIONS = { files: "--changed", folders: "--changed", arguments: "--changed-arg", images: "--changed-image" };
  const quoted = (word) => /^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\"'\"'")}'`;
  const command = (option, name) => `multistage cache ${quoted(data.path)} ${option} ${quoted(name)}`;

  const list = () => {
    const wanted = input.value.trim().toLowerCase();
    const found = things.filter((thing) => thing.name.toLowerCase().includes(wanted));
    picks.replaceChildren(...found.slice(0, MOST_PICKS).map((thing) => {
      const button = make("button", { type: "button", "aria-pressed": String(thing === picked) }, make("span", {}, thing.name));
      if (thing.kind) button.append(make("small", {}, thing.kind));
      button.addEventListener("click", () => pick(thing));
      return make("li", {}, button);
    }));
    if (!found.length && wanted) {
      note.replaceChildren("Nothing listed has that in its name. Ask: ", make("code", {}, command("--changed", input.value.trim())));
    } else if (found.length > MOST_PICKS) {
      note.textContent = `The first ${MOST_PICKS} of ${found.length.toLocaleString("en")}; type more of the name.`;
    } else {
      note.textContent = wanted ? `${found.length} found` : "";
    }
  };
  const baseline = (kind) => ["cached", "none", "none", "away"][kind];
  const statesOf = (outcome) => {
    const states = data.steps.map((step) => ({ state: baseline(step[3]), because: "" }));
    for (const [first, last, certain, reason] of outcome[1]) {
      for (let place = first; place <= last; place += 1) {
        states[place] = { state: certain ? "rerun" : "maybe", because: data.reasons[reason] };
      }
    }
    return states;
  };
  const unlight = () => {
    for (const element of all(".source .rerun,.source .maybe,.source .cached,.flow .stage")) element.classList.remove("rerun", "maybe", "cached");
  };
  const paint = (states) => {
    unlight();
    const gravest = new Map();
    const order = ["away", "none", "cached", "maybe", "rerun"];
    data.steps.forEach(([first, last, stage], place) => {
      const { state } = states[place];
      if (order.indexOf(state) > order.indexOf(gravest.get(stage) || "away")) gravest.set(stage, state);
      if (state === "none" || state === "away") return;
      for (const number of range(first, last)) lineOf(number)?.classList.add(state);
    });
    for (const element of all(".flow .stage[data-stage]")) {
      const state = gravest.get(Number(element.dataset.stage));
      if (state && state !== "none" && state !== "away") element.classList.add(state);
    }
  };
  const strips = (states) => {
    const rows = new Map();
    data.steps.forEach(([first, last, stage, , keyword], place) => {
      if (!rows.has(stage)) rows.set(stage, []);
      const { state } = states[place];
      const words = `line ${first}, ${keyword}: ${WORDS[state]}`;
      rows.get(stage).push(make("a", { class: `cell ${state}`, href: `#L${first}`, "data-last": last, title: words, "aria-label": words }, SIGNS[state]));
    });
    byId("strips").replaceChildren(...[...rows].map(([stage, cells]) => make(
      "div", { class: `strip s${stage % 8}` }, make("b", {}, data.stages[stage]), make("span", {}, ...cells))));
  };
  const reasons = (outcome, name) => {
    byId("reasons").replaceChildren(...outcome[1].slice(0, 200).map(([first, last, certain, reason]) => {
      const state = certain ? "rerun" : "maybe";
      const from = data.steps[first][0];
      const to = data.steps[last][0];
      const link = make("a", { href: `#L${from}`, "data-last": data.steps[last][1] }, from === to ? `line ${from}` : `lines ${from}-${to}`);
      const because = data.reasons[reason].replaceAll(NAME, () => name);
      return make("li", {}, make("span", { class: `cell ${state}`, "aria-label": WORDS[state], role: "img" }, SIGNS[state]), " ", link, `: ${because}`);
    }));
    if (!outcome[1].length) byId("reasons").append(make("li", {}, "No step takes it."));
  };
  const pick = (thing) => {
    picked = thing;
    for (const button of all("button", picks)) button.setAttribute("aria-pressed", String(one("span", button).textContent === thing.name));
    const shown = thing.group === "folders" ? `all of ${thing.name}` : thing.name;
    answer.hidden = false;
    light([], { scroll: false });
    if (thing.outcome === null) {
      unlight();
      byId("answer-title").textContent = `${shown}: not asked for this page`;
      byId("strips").replaceChildren();
      byId("reasons").replaceChildren(make("li", {}, "Ask: ", make("code", {}, command(OPTIONS[thing.group], thing.name.replace(/\/$/, "")))));
      say(byId("answer-title").textContent);
      return;
    }
    const outcome = data.outcomes[thing.outcome];
    const states = statesOf(outcome);
    byId("answer-title").textContent = `When ${shown} changes: ${outcome[0].charAt(0).toLowerCase()}${outcome[0].slice(1)}`;
    paint(states);
    strips(states);
    reasons(outcome, thing.name.replace(/\/$/, ""));
    const first = outcome[1].length ? lineOf(data.steps[outcome[1][0][0]][0]) : null;
    if (first) box.scrollTop = first.offsetTop - box.clientHeight / 4;
    say(byId("answer-title").textContent);
  };
  const clear = () => {
    picked = null;
    answer.hidden = true;
    unlight();
    for (const button of all("button", picks)) button.setAttribute("aria-pressed", "false");
  };
  byId("clear").addEventListener("click", () => { clear(); input.focus(); say("Cleared"); });
  input.addEventListener("input", list);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") { event.preventDefault(); one("button", picks)?.click(); }
    if (event.key === "ArrowDown") { event.preventDefault(); one("button", picks)?.focus(); }
  });
  picks.addEventListener("keydown", (event) => {
    const buttons = all("button", picks);
    const place = buttons.indexOf(document.activeElement);
    if (event.key === "ArrowDown") { event.preventDefault(); buttons[Math.min(place + 1, buttons.length - 1)].focus(); }
    if (event.key === "ArrowUp") { event.preventDefault(); (place > 0 ? buttons[place - 1] : input).focus(); }
  });
  for (const groups of all(".groups")) groups.open = false;
  list();

  // Commands.
  for (const button of all("button.copy")) {
    button.addEventListener("click", async () => {
      const code = one("code", button.parentElement);
      let copied = true;
      try {
        await navigator.clipboard.writeText(code.textContent);
      } catch {
        getSelection().selectAllChildren(code);
        copied = false;
      }
      button.textContent = copied ? "Copied" : "Selected";
      say(copied ? "Copied" : "Selected; copy it with the keyboard");
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
  }

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    unchoose();
    clear();
    if (details.contains(document.activeElement)) items.find((item) => item.tabIndex === 0)?.focus();
  });
  addEventListener("beforeprint", () => { for (const element of all("details")) element.open = true; });
})();
