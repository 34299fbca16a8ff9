// Behaviour of the result page: figures that open large, sliders, films that stop, links that know when they lead nowhere, and the map of toys. Plain JavaScript, no network.
(() => {
  const dialog = document.querySelector("dialog.large"), alone = document.querySelector("dialog.alone");
  document.querySelectorAll("button.zoom").forEach(zoom => zoom.addEventListener("click", () => {
    const image = zoom.querySelector("img"), large = dialog.querySelector("img");
    large.src = image.currentSrc || image.src; large.alt = image.alt; dialog.showModal();
  }));
  dialog.addEventListener("click", () => dialog.close());
  document.querySelectorAll(".slide input").forEach(input => input.addEventListener("input", () => input.parentElement.style.setProperty("--cut", input.value + "%")));

  // Films: a still picture for who asked for less motion, and a button for everybody.
  const button = document.querySelector("[data-films]"), films = document.querySelectorAll(".film"), still = matchMedia("(prefers-reduced-motion: reduce)");
  let playing = !still.matches;
  const roll = () => {
    films.forEach(film => { film.previousElementSibling.media = playing ? "not all" : "all"; });
    button.textContent = playing ? "Stop the films" : "Play the films"; button.setAttribute("aria-pressed", !playing);
  };
  if (button) {
    button.hidden = !films.length; roll();
    button.addEventListener("click", () => { playing = !playing; roll(); });
    still.addEventListener("change", () => { playing = !still.matches; roll(); });
  }

  // A link out of this file first asks for a small picture of the same stage, or of any where that has none. Where that is not there either, the page was sent alone and says so.
  const any = document.querySelector("a[data-beside]");
  document.querySelectorAll('a[href^="../"]').forEach(link => link.addEventListener("click", event => {
    const beside = link.dataset.beside || any && any.dataset.beside;
    if (!beside || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    const probe = new Image();
    probe.onload = () => { location.href = link.getAttribute("href"); };
    probe.onerror = () => { alone.querySelector("code").textContent = link.getAttribute("href").replace(/^(\.\.\/)+/, ""); alone.showModal(); };
    probe.src = beside;
  }));
  alone.querySelector("button").addEventListener("click", () => alone.close());

  const box = document.getElementById("map");
  if (box) {                                         // the map is made when it comes near, so that the page is there at once
    const near = new IntersectionObserver(seen => { if (seen.some(s => s.isIntersecting)) { near.disconnect(); map(box); } }, { rootMargin: "900px" });
    near.observe(box);
    setTimeout(() => { if (!("ready" in box.dataset)) { near.disconnect(); map(box); } }, 4000); // for the printer, and for who never comes near
  }
})();

function map(box) {
  const data = JSON.parse(document.getElementById("map-data").textContent);
  const canvas = box.querySelector("canvas.view"), context = canvas.getContext("2d"), tip = document.getElementById("tip"), big = tip.querySelector("canvas");
  const sprite = box.querySelector("img"), tile = data.tile, columns = data.columns, count = data.x.length;
  const view = { zoom: 1, x: 0.5, y: 0.5 }, chosen = Object.fromEntries(Object.keys(data.ways).map(way => [way, new Set()]));
  let by = "class", pictures = true, word = "", seen = null, filtered = false, hovered = -1, sheet = null, width = 0, height = 0, waiting = false;
  let lasso = false, loop = null;                    // whether a loop is drawn instead of the map moved, and its corners on the screen
  const picked = new Set();                          // toys chosen by loops and by the key s
  const line = getComputedStyle(document.documentElement).getPropertyValue("--mark").trim() || "#c8451b";

  const groups = () => data.ways[by].groups, groupOf = i => data.ways[by].of[i];
  const nameIn = (way, i) => data.ways[way].groups[data.ways[way].of[i]].name;
  const visible = i => seen[i] === 1;
  const at = (axis, i) => i < count ? data[axis][i] : data.more[axis][i - count];
  const place = i => [width / 2 + (at("x", i) - view.x) * width * 0.92 * view.zoom, height / 2 + (at("y", i) - view.y) * height * 0.9 * view.zoom];
  const tileSize = () => Math.min(112, Math.max(15, 0.85 * Math.sqrt(width * height / count)) * Math.pow(view.zoom, 0.75));

  // What is shown belongs to a chosen group in every way in which groups were chosen, and has the word in its title.
  function sieve() {
    const ways = Object.keys(chosen).filter(way => chosen[way].size), needle = word.trim().toLowerCase();
    filtered = ways.length > 0 || needle !== "";
    seen = new Uint8Array(count);
    let left = 0;
    for (let i = 0; i < count; i++) {
      seen[i] = ways.every(way => chosen[way].has(data.ways[way].of[i])) && (!needle || data.title[i].toLowerCase().includes(needle)) ? 1 : 0;
      left += seen[i];
    }
    const names = ways.map(way => [...chosen[way]].map(g => data.ways[way].groups[g].name).join(" or "));
    if (needle) names.push("“" + word.trim() + "”");
    box.querySelector("[data-shown]").textContent = filtered ? left + " of " + count + " shown: " + names.join(", and ") : "";
    box.querySelector("[data-all]").hidden = !filtered;
    show(-1); draw();
  }

  // White that touches the border of a picture becomes clear, so that toys lie on the map and not on cards. A row of the sheet at a time, with pauses in which the page answers.
  function cutOut() {
    const made = document.createElement("canvas");
    made.width = sprite.naturalWidth; made.height = sprite.naturalHeight;
    const pen = made.getContext("2d", { willReadFrequently: true });
    pen.drawImage(sprite, 0, 0);
    let row = 0;
    (function some() {
      const end = performance.now() + 24;
      while (row * columns < count && performance.now() < end) cutRow(pen, made.width, row++);
      if (row * columns < count) setTimeout(some); else { sheet = made; draw(); }
    })();
  }
  function cutRow(pen, stride, row) {
    const strip = pen.getImageData(0, row * tile, stride, tile), p = strip.data, stack = [], top = 0;
    for (let i = row * columns; i < Math.min(count, (row + 1) * columns); i++) {
      const left = (i % columns) * tile, edge = [];
      const take = (x, y) => {
        if (x < 0 || y < 0 || x >= tile || y >= tile) return;
        const at = ((top + y) * stride + left + x) * 4, least = Math.min(p[at], p[at + 1], p[at + 2]);
        if (p[at + 3] !== 255) return;
        if (least > 232) { p[at + 3] = 0; stack.push(x, y); } else edge.push(at);
      };
      for (let k = 0; k < tile; k++) { take(k, 0); take(k, tile - 1); take(0, k); take(tile - 1, k); }
      while (stack.length) { const y = stack.pop(), x = stack.pop(); take(x + 1, y); take(x - 1, y); take(x, y + 1); take(x, y - 1); }
      // A pixel at the edge is half toy and half white: take the white out of it.
      for (const at of edge) if (p[at + 3] === 255) {
        const share = Math.min(1, Math.max(0.05, (255 - Math.min(p[at], p[at + 1], p[at + 2])) / 110));
        for (let c = 0; c < 3; c++) p[at + c] = Math.max(0, (p[at + c] - 255 * (1 - share)) / share);
        p[at + 3] = Math.min(254, 255 * share);
      }
    }
    pen.putImageData(strip, 0, row * tile);
  }

  // All toys, on a canvas of their own: pointing at a toy or drawing a loop only lays something on it. Where all pictures take long, dots stand for them while the map moves.
  const base = document.createElement("canvas"), ground = base.getContext("2d");
  let stale = true, slow = false, moving = false, rest = 0;
  function paintBase(ratio) {
    const start = performance.now(), coarse = slow && moving;
    base.width = canvas.width; base.height = canvas.height;
    ground.setTransform(ratio, 0, 0, ratio, 0, 0);
    const size = tileSize(), radius = Math.min(9, 3.2 * Math.pow(view.zoom, 0.5)), list = groups(), passes = filtered ? [false, true] : [true];
    for (const shown of passes) for (let i = 0; i < count; i++) {
      if (visible(i) !== shown) continue;
      const [x, y] = place(i);
      if (x < -size || y < -size || x > width + size || y > height + size) continue;
      ground.globalAlpha = shown ? 1 : 0.1;
      if (coarse) { ground.fillStyle = list[groupOf(i)].colour; ground.fillRect(x - radius, y - radius, 2 * radius, 2 * radius); continue; }
      if (pictures && sheet) {
        if (shown) { ground.globalAlpha = 0.3; ground.fillStyle = list[groupOf(i)].colour; ground.beginPath(); ground.arc(x, y, size * 0.5, 0, 7); ground.fill(); ground.globalAlpha = 1; }
        ground.drawImage(sheet, (i % columns) * tile + 0.5, Math.floor(i / columns) * tile + 0.5, tile - 1, tile - 1, x - size / 2, y - size / 2, size, size);
      } else { ground.fillStyle = list[groupOf(i)].colour; ground.beginPath(); ground.arc(x, y, radius, 0, 7); ground.fill(); }
    }
    if (!coarse) slow = performance.now() - start > 60;
  }
  function move() { moving = true; clearTimeout(rest); rest = setTimeout(() => { moving = false; if (slow) draw(); }, 160); }

  function paint() {
    waiting = false;
    const ratio = window.devicePixelRatio || 1;
    width = canvas.clientWidth; height = canvas.clientHeight;
    if (!width) return;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) { canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio); stale = true; }
    if (stale) { paintBase(ratio); stale = false; }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(base, 0, 0);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const size = tileSize(), radius = Math.min(9, 3.2 * Math.pow(view.zoom, 0.5));
    context.lineWidth = 2; context.strokeStyle = line;
    for (const i of picked) if (i < count) { const [x, y] = place(i); context.strokeRect(x - size * 0.5, y - size * 0.5, size, size); }
    if (loop && loop.length > 1) {
      context.beginPath(); loop.forEach(([x, y], k) => k ? context.lineTo(x, y) : context.moveTo(x, y)); context.closePath();
      context.globalAlpha = 0.12; context.fillStyle = line; context.fill(); context.globalAlpha = 1; context.stroke();
    }
    if (hovered >= 0) {
      const [x, y] = place(hovered);
      context.lineWidth = 2.5; context.strokeStyle = getComputedStyle(box).color;
      context.beginPath(); context.arc(x, y, pictures ? size * 0.62 : radius + 3, 0, 7); context.stroke();
    }
  }
  const draw = (again = true) => { stale = stale || again !== false; if (!waiting) { waiting = true; requestAnimationFrame(paint); } };

  function point(event) { const r = canvas.getBoundingClientRect(); return [event.clientX - r.left, event.clientY - r.top]; }
  function nearest(px, py) {
    let best = -1, least = Math.max(18, tileSize() * 0.7) ** 2;
    for (let i = 0; i < count; i++) {
      if (!visible(i)) continue;
      const [x, y] = place(i), d = (x - px) ** 2 + (y - py) ** 2;
      if (d < least) { least = d; best = i; }
    }
    return best;
  }
  function show(i) {
    if (i === hovered) return;
    hovered = i; draw(false);
    tip.style.display = i < 0 ? "none" : "flex";
    if (i < 0) return;
    const pen = big.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.drawImage(sprite, (i % columns) * tile + 0.5, Math.floor(i / columns) * tile + 0.5, tile - 1, tile - 1, 0, 0, big.width, big.height);
    tip.querySelector("b").textContent = data.title[i] || "no title";
    tip.querySelector("span").textContent = nameIn("class", i) + ", in cluster " + nameIn("cluster", i).split(" ")[0] + (data.held[i] === "1" ? ", held out" : "");
    const [x, y] = place(i), w = tip.offsetWidth, h = tip.offsetHeight;
    tip.style.left = Math.max(6, Math.min(width - w - 6, x - w / 2)) + "px";
    tip.style.top = (y - h - 22 > 6 ? y - h - 22 : Math.min(height - h - 6, y + 26)) + "px";
  }
  function zoomTo(zoom, px = width / 2, py = height / 2) {
    zoom = Math.min(24, Math.max(1, zoom));
    const fx = (px - width / 2) / (width * 0.92), fy = (py - height / 2) / (height * 0.9);
    view.x += fx / view.zoom - fx / zoom; view.y += fy / view.zoom - fy / zoom; view.zoom = zoom;
    if (zoom === 1) { view.x = view.y = 0.5; }
    canvas.style.touchAction = zoom === 1 && !lasso ? "pan-y" : "none";
    move(); show(-1); draw();
  }
  function pan(dx, dy) { move(); view.x -= dx / (width * 0.92 * view.zoom); view.y -= dy / (height * 0.9 * view.zoom); show(-1); draw(); }

  // The chosen toys: a loop adds what lies in it, with Alt it takes away; the file is what the stage cluster reads as selection.
  const bar = box.querySelector(".picked");
  function tell() { bar.hidden = !picked.size && !lasso; bar.querySelector("b").textContent = picked.size === 1 ? "1 toy chosen" : picked.size + " toys chosen"; draw(false); }
  function inside(x, y, corners) {
    let odd = false;
    for (let a = 0, b = corners.length - 1; a < corners.length; b = a++) {
      const [xa, ya] = corners[a], [xb, yb] = corners[b];
      if ((ya > y) !== (yb > y) && x < (xb - xa) * (y - ya) / (yb - ya) + xa) odd = !odd;
    }
    return odd;
  }
  function close(take) {
    const all = filtered ? count : data.file.length;  // toys that are not drawn belong to no shown group, and are taken only when all groups are shown
    if (loop && loop.length > 2) for (let i = 0; i < all; i++) if ((i >= count || visible(i)) && inside(...place(i), loop)) take ? picked.delete(i) : picked.add(i);
    loop = null; tell();
  }
  const lassoButton = box.querySelector("[data-lasso]");
  lassoButton.addEventListener("click", () => { lasso = !lasso; lassoButton.setAttribute("aria-pressed", lasso); canvas.style.cursor = lasso ? "crosshair" : ""; canvas.style.touchAction = lasso || view.zoom > 1 ? "none" : "pan-y"; tell(); });
  bar.querySelector("[data-clear]").addEventListener("click", () => { picked.clear(); tell(); });
  bar.querySelector("[data-save]").addEventListener("click", () => {
    const names = [...picked].sort((a, b) => a - b).map(i => { const [folder, name] = data.file[i].split("/"); return (data.folders[folder] ? data.folders[folder] + "/" : "") + name; });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify({ version: 1, fingerprint: data.fingerprint, file_names: names }, null, 1) + "\n"], { type: "application/json" }));
    link.download = "selection.json"; link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 5000);
  });

  const fingers = new Map();
  let moved = 0, spread = 0;
  canvas.addEventListener("pointerdown", e => { canvas.setPointerCapture(e.pointerId); fingers.set(e.pointerId, point(e)); moved = 0; spread = 0; if (lasso) loop = [point(e)]; });
  canvas.addEventListener("pointermove", e => {
    const now = point(e), before = fingers.get(e.pointerId);
    if (!before) { show(nearest(...now)); return; }
    fingers.set(e.pointerId, now);
    if (loop && fingers.size === 1) { loop.push(now); moved = 99; draw(false); return; }
    if (fingers.size === 2) {
      loop = null;
      const [a, b] = [...fingers.values()], apart = Math.hypot(a[0] - b[0], a[1] - b[1]);
      if (spread) zoomTo(view.zoom * apart / spread, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2);
      spread = apart; moved = 99; return;
    }
    moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (moved > 5 && (e.pointerType === "mouse" || view.zoom > 1)) { canvas.classList.add("drag"); pan(now[0] - before[0], now[1] - before[1]); }
  });
  const lift = e => { fingers.delete(e.pointerId); spread = 0; canvas.classList.remove("drag"); };
  canvas.addEventListener("pointerup", e => { lift(e); if (loop) { const wide = moved > 6; wide ? close(e.altKey) : loop = null; } if (moved < 6) { canvas.focus({ preventScroll: true }); show(nearest(...point(e))); } });
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("pointerleave", e => { if (e.pointerType === "mouse") show(-1); });
  canvas.addEventListener("dblclick", e => zoomTo(view.zoom * 2, ...point(e)));
  // The wheel zooms only after the map was clicked (or with Ctrl), so that it never traps a page that is being scrolled.
  canvas.addEventListener("wheel", e => {
    if (!e.ctrlKey && !e.metaKey && document.activeElement !== canvas) return;
    e.preventDefault(); zoomTo(view.zoom * Math.exp(-e.deltaY * 0.002), ...point(e));
  }, { passive: false });
  canvas.addEventListener("keydown", e => {
    const keys = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
    if (keys[e.key]) { pan(...keys[e.key]); e.preventDefault(); }
    else if (e.key === "+" || e.key === "=") zoomTo(view.zoom * 1.5);
    else if (e.key === "-") zoomTo(view.zoom / 1.5);
    else if (e.key === "0") zoomTo(1);
    else if (e.key === "s" && hovered >= 0) { picked.has(hovered) ? picked.delete(hovered) : picked.add(hovered); tell(); }
    else if (e.key === "Escape") { show(-1); canvas.blur(); }
    else if (e.key === "n" || e.key === "p") {
      const step = e.key === "n" ? 1 : count - 1;
      let next = hovered < 0 ? (step === 1 ? count - 1 : 0) : hovered;
      for (let k = 0; k < count; k++) { next = (next + step) % count; if (visible(next)) break; }
      show(next);
    }
  });

  const chips = box.querySelector(".chips");
  function legend() {
    chips.replaceChildren(...groups().map((group, g) => {
      const chip = document.createElement("button"), dot = document.createElement("i");
      dot.style.background = group.colour; chip.append(dot, group.name + " " + group.count);
      chip.type = "button"; chip.setAttribute("aria-pressed", chosen[by].has(g));
      chip.addEventListener("click", () => { chosen[by].has(g) ? chosen[by].delete(g) : chosen[by].add(g); chip.setAttribute("aria-pressed", chosen[by].has(g)); sieve(); });
      return chip;
    }));
  }
  const press = (selector, on) => box.querySelectorAll(selector).forEach(b => b.setAttribute("aria-pressed", b === on));
  box.querySelectorAll("[data-by]").forEach(b => b.addEventListener("click", () => { by = b.dataset.by; press("[data-by]", b); legend(); draw(); }));
  box.querySelectorAll("[data-as]").forEach(b => b.addEventListener("click", () => { pictures = b.dataset.as === "pictures"; press("[data-as]", b); draw(); }));
  box.querySelectorAll("[data-zoom]").forEach(b => b.addEventListener("click", () => zoomTo(b.dataset.zoom === "0" ? 1 : view.zoom * b.dataset.zoom)));
  const search = box.querySelector(".filters input");
  search.addEventListener("input", () => { word = search.value; sieve(); });
  box.querySelector("[data-all]").addEventListener("click", () => { Object.values(chosen).forEach(set => set.clear()); word = search.value = ""; legend(); sieve(); });
  sieve(); legend();
  new ResizeObserver(() => draw()).observe(canvas);
  sprite.decode().then(cutOut, () => draw());
  draw();
  box.dataset.ready = "";
}
