// What the page does beyond links and forms: light and dark, keys, and a chart whose time can be chosen by dragging.
// Everything works without it.
"use strict";

(() => {
  const root = document.documentElement;
  const DAY = 86400; // seconds
  const LABEL = 84; // pixels that the label of a bar takes
  const CLICK = 4; // pixels: less is no drag
  const WIDEST = 64; // pixels of a bar

  // --- light and dark ---

  const isDark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !event.target.closest("button.theme")) return;
    root.dataset.theme = isDark() ? "light" : "dark";
    document.cookie = `arshif-theme=${root.dataset.theme}; path=/; max-age=${365 * DAY}; samesite=lax`; // the next page comes in it
    draw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw());

  // --- the reader's time zone ---

  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  const told = `arshif-zone=${encodeURIComponent(zone)}`;
  if (zone && !document.cookie.split("; ").includes(told)) {
    document.cookie = `${told}; path=/; max-age=${365 * DAY}; samesite=lax`; // the next pages come in it
    const other = Number(document.body.dataset.offset) !== -new Date().getTimezoneOffset();
    if (other && document.querySelector("time") && document.cookie.includes(told)) location.reload(); // once a browser
  }

  // --- keys ---

  const hits = () => [...document.querySelectorAll(".list > li :is(h2, h3) a")];

  function step(by) {
    const links = hits();
    if (!links.length) return;
    const at = links.findIndex((link) => link === document.activeElement || link.closest("li").contains(document.activeElement));
    const next = links[Math.min(Math.max(at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by, 0), links.length - 1)];
    next.focus({ preventScroll: true });
    next.closest("li").scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const typing = event.target instanceof Element && event.target.closest("input, textarea, select");
    if (typing) {
      if (event.key === "Escape" && typing.type === "search") typing.blur();
      return;
    }
    const box = document.querySelector("input[type=search]");
    const help = document.getElementById("help");
    const is = (key, code) => event.key === key || (event.code === code && /\p{Script=Arabic}/u.test(event.key)); // other letters on the same keys
    if (event.key === "?" || event.key === "؟") help.togglePopover();
    else if (help.matches(":popover-open")) return;
    else if (is("/", "Slash") && box) {
      box.focus();
      box.select();
    } else if (is("j", "KeyJ")) step(1);
    else if (is("k", "KeyK")) step(-1);
    else return;
    event.preventDefault();
  });

  // --- forms ---

  document.addEventListener("formdata", (event) => { // an address without what is empty
    if (event.target.method !== "get") return;
    for (const name of [...new Set(event.formData.keys())]) {
      const values = event.formData.getAll(name).filter((value) => value !== "");
      event.formData.delete(name);
      for (const value of values) event.formData.append(name, value);
    }
  });

  // --- the chart over time ---

  let plot = null;

  function color(name) {
    const probe = document.createElement("i");
    probe.style.color = `var(--${name})`;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  }

  const iso = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 10);

  function end(first, unit) { // the second after the time that begins then
    if (unit !== "month") return first + DAY * (unit === "week" ? 7 : 1);
    const day = new Date(first * 1000);
    return Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 1) / 1000;
  }

  function middles(from, to, unit, width) { // of as many of the days, weeks or months as there is room to label
    const found = [];
    for (let first = from; first < to; first = end(first, unit)) found.push((first + end(first, unit)) / 2);
    const every = Math.max(1, Math.ceil((found.length * LABEL) / width));
    return found.filter((_, at) => at % every === 0);
  }

  function go(room, first, last) {
    const link = document.createElement("a");
    const to = new URL(room.dataset.link, location.href);
    to.searchParams.set("after", iso(first));
    to.searchParams.set("until", iso(last));
    link.href = to.pathname + to.search;
    room.append(link);
    if (window.htmx) htmx.process(link);
    link.click();
  }

  function draw() {
    const room = document.querySelector(".plot");
    if (plot) plot.destroy();
    plot = null;
    if (!room || !window.uPlot) return;
    const bars = JSON.parse(room.dataset.bars);
    const unit = room.dataset.unit;
    const starts = bars.map(([day]) => day * DAY);
    const ends = starts.map((first) => end(first, unit));
    const from = starts[0];
    const to = ends[ends.length - 1];
    const top = Number(room.dataset.top);
    const lines = Array.from({ length: top / room.dataset.step + 1 }, (_, line) => line * room.dataset.step);
    const rtl = root.dir === "rtl";
    const number = new Intl.NumberFormat("en");
    const style = getComputedStyle(room);
    const font = `12px ${style.fontFamily}`;
    const soft = color("soft");
    const axis = { stroke: soft, font, grid: { stroke: color("line"), width: 1 }, ticks: { show: false } };
    const short = new Intl.DateTimeFormat(`${root.lang}-u-nu-latn`, unit === "month" ? { year: "numeric", month: "short", timeZone: "UTC" } : { day: "numeric", month: "short", timeZone: "UTC" });
    room.classList.add("drawn");
    plot = new uPlot({
      width: room.clientWidth,
      height: 120,
      padding: [8, 14, 0, 14],
      legend: { show: false },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
      select: { show: true },
      scales: { x: { time: true, dir: rtl ? -1 : 1, range: [from, to] }, y: { range: [0, top] } },
      axes: [
        { ...axis, size: 26, grid: { show: false }, splits: () => middles(from, to, unit, room.clientWidth), values: (_, moments) => moments.map((moment) => short.format(moment * 1000)) },
        { ...axis, side: rtl ? 1 : 3, size: 16 + 7 * number.format(top).length, splits: () => lines, values: (_, counts) => counts.map((count) => number.format(count)) },
      ],
      series: [
        {},
        { fill: color("bar"), width: 0, points: { show: false }, paths: rectangles(starts, ends) },
      ],
      hooks: { setSelect: [(chart) => choose(chart, room)], setCursor: [(chart) => tell(chart, room, starts, ends, bars, number)] },
    }, [starts, bars.map(([, count]) => count)], room);
    plot.over.addEventListener("click", () => {
      const bar = barAt(plot, starts, ends);
      if (plot.select.width < CLICK && bar >= 0) go(room, starts[bar], ends[bar] - DAY);
    });
    const note = room.querySelector(".told") || document.createElement("p");
    note.className = "told";
    note.setAttribute("aria-hidden", "true");
    room.append(note); // below the bars
    tell(plot, room, starts, ends, bars, number);
  }

  function rectangles(starts, ends) { // from the beginning of each day, week or month to its end
    return (chart, series) => {
      const fill = new Path2D();
      const low = chart.valToPos(0, "y", true);
      starts.forEach((first, at) => {
        const a = chart.valToPos(first, "x", true);
        const b = chart.valToPos(ends[at], "x", true);
        const high = Math.min(low - 1, chart.valToPos(chart.data[series][at], "y", true));
        const room = Math.abs(b - a);
        const width = Math.max(1, Math.min(room - Math.min(2, room * 0.16), WIDEST * devicePixelRatio));
        fill.rect((a + b - width) / 2, high, width, low - high);
      });
      return { stroke: null, fill, clip: null, flags: 1 };
    };
  }

  function barAt(chart, starts, ends) { // where the mouse is; -1: at none
    const at = chart.cursor.left >= 0 ? chart.posToVal(chart.cursor.left, "x") : NaN;
    return starts.findIndex((first, i) => at >= first && at < ends[i]);
  }

  function tell(chart, room, starts, ends, bars, number) {
    const note = room.querySelector(".told");
    if (!note) return;
    const bar = barAt(chart, starts, ends);
    const form = new Intl.DateTimeFormat(`${root.lang}-u-nu-latn`, { dateStyle: "medium", timeZone: "UTC" });
    note.textContent = bar < 0 ? room.dataset.hint : `${form.formatRange(starts[bar] * 1000, (ends[bar] - DAY) * 1000)}: ${number.format(bars[bar][1])}`;
  }

  function choose(chart, room) {
    const { left, width } = chart.select;
    if (width < CLICK) return;
    const [a, b] = [chart.posToVal(left, "x"), chart.posToVal(left + width, "x")];
    go(room, Math.min(a, b), Math.max(a, b) - 1);
  }

  // --- results that are ticked, also on other pages of them ---

  const TICKED = "arshif-ticked"; // ids, as long as the tab is open
  const ticked = () => new Set(JSON.parse(sessionStorage.getItem(TICKED) || "[]"));
  const boxes = () => [...document.querySelectorAll("input[form=selection]")];

  function showTicked() {
    const form = document.getElementById("selection");
    if (!form) return;
    const ids = ticked();
    for (const box of boxes()) box.checked = ids.has(box.value);
    const told = form.querySelector("output");
    told.hidden = false;
    told.textContent = new Intl.NumberFormat("en").format(ids.size);
    form.querySelector(".clear").hidden = ids.size === 0;
    for (const button of form.querySelectorAll("button[formaction]")) button.disabled = ids.size === 0;
  }

  function keep(ids) {
    sessionStorage.setItem(TICKED, JSON.stringify([...ids]));
    showTicked();
  }

  document.addEventListener("change", ({ target }) => {
    if (!(target instanceof HTMLInputElement) || target.getAttribute("form") !== "selection") return;
    const ids = ticked();
    if (!target.checked) ids.delete(target.value);
    else if (ids.size < Number(target.form.dataset.most)) ids.add(target.value);
    keep(ids);
  });

  document.addEventListener("click", ({ target }) => {
    if (target instanceof Element && target.closest("#selection .clear")) keep(new Set());
  });

  document.addEventListener("formdata", (event) => {
    if (event.target.getAttribute("id") !== "selection") return; // `.id` is what is named so in it
    event.formData.delete("id");
    for (const id of ticked()) event.formData.append("id", id);
  });

  // --- what is running ---

  let events = null;

  function listen() {
    if (events) events.close();
    events = null;
    const room = document.querySelector("[data-live]");
    if (!room || !window.EventSource) return;
    events = new EventSource(room.dataset.live);
    events.onmessage = ({ data }) => {
      const open = [...room.querySelectorAll("details[open]")].map((one) => one.id);
      const focused = room.contains(document.activeElement) ? document.activeElement.closest("details")?.id : null;
      room.innerHTML = data; // our own server's, escaped like any page
      for (const id of open) document.getElementById(id)?.setAttribute("open", "");
      if (focused) document.getElementById(focused)?.querySelector("summary").focus({ preventScroll: true });
    };
  }

  // --- now, and after a part of the page was exchanged ---

  let wide = 0;
  addEventListener("resize", () => {
    if (innerWidth === wide) return; // a phone's bars come and go
    wide = innerWidth;
    draw();
  });

  function ready() {
    wide = innerWidth;
    for (const button of document.querySelectorAll("button.theme")) button.hidden = false;
    draw();
    listen();
    showTicked();
  }

  document.addEventListener("htmx:afterSettle", () => {
    ready();
    document.getElementById("content").focus({ preventScroll: true });
  });
  document.fonts.ready.then(ready); // the chart's letters are drawn once
})();
