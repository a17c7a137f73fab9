/* Binds each chart's rows to its figure, its table, its sentence and its downloads, for the choice in the page's address.
   Rows come as plain scripts, so that a page opened from a folder works like one on a server. */
(function () {
  "use strict";
  var charts = {}, views = {}, waiting = {}, loaded = {}, state = {}, drawn = {};
  var CONFIG = { displayModeBar: false, displaylogo: false, showSendToCloud: false, responsive: false, scrollZoom: false, doubleClick: false, showTips: false };

  /* ---- data ---- */
  function take(part) {
    if (part.charts) Object.keys(part.charts).forEach(function (id) { charts[id] = part.charts[id]; });
    if (!part.chart) return;
    var known = views[part.chart] = views[part.chart] || {};
    Object.keys(part.views).forEach(function (key) { known[key] = part.views[key]; });
    var name = part.chart + "|" + part.part;
    loaded[name] = part;
    (waiting[name] || []).splice(0).forEach(function (go) { go(); });
  }
  var early = window.hreData || [];
  window.hreData = { push: take };
  early.forEach(take);

  function slug(text) { return text.replace(/[^A-Za-z0-9._-]+/g, "_").replace(/^[._]+|[._]+$/g, "") || "x"; }

  function script(src, done) {
    var tag = document.createElement("script");
    tag.src = src;
    tag.onload = done;
    tag.onerror = done;
    document.head.appendChild(tag);
  }
  function need(id, part, then) {
    var name = id + "|" + part;
    if (loaded[name]) return then();
    if (waiting[name]) { waiting[name].push(then); return; }
    waiting[name] = [then];
    script("data/" + id + (part ? "." + slug(part) : "") + ".js", function () {
      if (!loaded[name]) { loaded[name] = {}; waiting[name].splice(0).forEach(function (go) { go(); }); }
    });
  }
  var maps = {};
  function needMap(name, then) {
    if (!name || maps[name] === true) return then();
    if (maps[name]) { maps[name].push(then); return; }
    maps[name] = [then];
    script("static/topojson-" + name + ".js", function () { var list = maps[name]; maps[name] = true; list.forEach(function (go) { go(); }); });
  }

  /* ---- words ---- */
  /* Plotly renders some HTML in labels, so every text that came from a source is escaped on its way into a figure. */
  function escaped(text) {
    return String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;").replace(/'/g, "&#39;");
  }
  function isNumber(value) { return typeof value === "number"; }
  function written(value, format) {
    if (format === "text") return value === null || value === undefined ? "" : String(value);
    if (!isNumber(value)) return "–";
    var digits = Number(format.slice(1));
    return roundHalfUp(value, digits).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  }
  function roundHalfUp(value, digits) {
    var shifted = Number(Math.abs(value) + "e" + digits);
    var rounded = isNaN(shifted) ? value : Number(Math.round(shifted) + "e-" + digits);
    return value < 0 ? -rounded : rounded;
  }
  function rowWords(chart, view, at) {
    return chart.columns.map(function (column, index) {
      var cell = written(view.columns[column.name][at], column.format);
      if (index === 0) return cell;
      return cell === "" || cell === "–" ? "" : column.label + ": " + cell;
    }).filter(Boolean);
  }

  /* ---- binding ---- */
  function set(target, path, value) {
    var keys = path.split("."), last = keys.pop();
    keys.forEach(function (key) { target = target[key] = target[key] || {}; });
    target[last] = value;
  }
  function pick(values, rows, safe) {
    return rows.map(function (at) { var value = at < 0 ? null : values[at]; return safe && typeof value === "string" ? escaped(value) : value; });
  }
  function bandOf(columns, rule, rows) {
    var xs = [], ys = [], run = [];
    function close() {
      if (run.length) {
        run.forEach(function (at) { xs.push(columns[rule[1]][at]); ys.push(columns[rule[2]][at]); });
        run.slice().reverse().forEach(function (at) { xs.push(columns[rule[1]][at]); ys.push(columns[rule[3]][at]); });
        xs.push(null); ys.push(null);
      }
      run = [];
    }
    rows.forEach(function (at) { if (at >= 0 && columns[rule[4]][at]) close(); if (isNumber(columns[rule[2]][at]) && isNumber(columns[rule[3]][at])) run.push(at); else close(); });
    close();
    return { x: xs, y: ys };
  }
  function bound(columns, rule, rows) {
    if (typeof rule === "string") return pick(columns[rule], rows, true);
    if (rule[0] === "minus") {
      return rows.map(function (at) {
        var a = columns[rule[1]][at], b = columns[rule[2]][at];
        return isNumber(a) && isNumber(b) ? a - b : 0;
      });
    }
    if (rule[0] === "map") return rows.map(function (at) { return rule[2][columns[rule[1]][at]]; });
    return rows.map(function () { return rule[2]; });
  }
  function bind(chart, view) {
    var figure = JSON.parse(JSON.stringify(chart.figure)), columns = view.columns;
    var count = columns[chart.columns[0].name].length, all = [];
    for (var at = 0; at < count; at++) all.push(at);
    figure.data.forEach(function (trace) {
      var meta = trace.meta || {}, where = meta.where || {};
      var rows = all.filter(function (row) {
        return Object.keys(where).every(function (name) { return where[name].indexOf(columns[name][row]) >= 0; });
      });
      /* A line is not drawn across a break in the series: a point without a place (-1) parts it. */
      if (meta.breaks) rows = rows.reduce(function (kept, row) {
        return kept.concat(kept.length && columns[meta.breaks][row] ? [-1, row] : [row]);
      }, []);
      Object.keys(meta.bind || {}).forEach(function (path) {
        var rule = meta.bind[path];
        if (rule[0] === "band") { var band = bandOf(columns, rule, rows); trace.x = band.x; trace.y = band.y; return; }
        set(trace, path, bound(columns, rule, rows));
      });
      if (!meta.quiet && trace.hoverinfo !== "skip") {
        trace.hovertext = rows.map(function (row) {
          return row < 0 ? "" : rowWords(chart, view, row).map(function (part, index) { return index ? escaped(part) : "<b>" + escaped(part) + "</b>"; }).join("<br>");
        });
        trace.hoverinfo = "text";
      }
      trace.visible = rows.length > 0;
    });
    var meta = figure.layout.meta || {};
    colours(figure, meta.colours);
    years(figure, columns.date);
    if (meta.unit && view.unit) {
      if (meta.unit === "colorbar") figure.data[0].colorbar.title.text = escaped(view.unit); else set(figure.layout, meta.unit, escaped(view.unit));
    }
    if (meta.categories === "yaxis") figure.layout.yaxis.range = [count - 0.4, -0.6];
    figure.layout.showlegend = figure.data.filter(function (trace) { return trace.visible && trace.name && trace.showlegend !== false && trace.type !== "choropleth"; }).length > 1;
    Object.keys(meta.bind || {}).forEach(function (path) { set(figure.layout, path, pick(columns[meta.bind[path]], all, true)); });
    figure.layout.height = chart.height + chart.rowHeight * count;
    return figure;
  }
  /* One scale for a map's areas and its dots, from zero. */
  function colours(figure, traces) {
    if (!traces) return;
    var used = traces.map(function (at) { return figure.data[at]; }).filter(function (trace) { return !trace.colorscale || trace.showscale !== false; });
    var top = Math.max.apply(null, used.reduce(function (found, trace) { return found.concat(trace.z || (trace.marker && trace.marker.color) || []); }, [0]));
    used.forEach(function (trace) {
      if (trace.z) { trace.zmin = 0; trace.zmax = top; } else { trace.marker.cmin = 0; trace.marker.cmax = top; }
    });
  }
  /* Years are whole: no tick between them. */
  function years(figure, dates) {
    if (!dates || !dates.length || !dates.every(function (date) { return /^\d{4}$/.test(date); })) return;
    var distinct = dates.filter(function (date, at) { return dates.indexOf(date) === at; }).length;
    figure.layout.xaxis.tickformat = "%Y";
    figure.layout.xaxis.dtick = "M" + 12 * (distinct <= 12 ? 1 : distinct <= 30 ? 3 : 5);
  }
  /* Long names and legends need less on a narrow screen. */
  function fit(figure, chart, width) {
    figure.layout.width = width;
    if (chart.map) figure.layout.height = Math.min(chart.height, Math.round(70 + width * 0.62));
    if (width >= 560) return figure;
    figure.layout.font = { size: 12 };
    if (figure.layout.xaxis && /^M/.test(figure.layout.xaxis.dtick)) figure.layout.xaxis.dtick = "M" + 2 * Number(figure.layout.xaxis.dtick.slice(1));
    if (figure.layout.meta && figure.layout.meta.legendRows) {
      var more = 19 * figure.layout.meta.legendRows - 20;
      figure.layout.height += more; figure.layout.margin.b += more;
    }
    if (figure.layout.meta && figure.layout.meta.categories) {
      var axis = figure.layout[figure.layout.meta.categories];
      axis.tickfont = Object.assign({}, axis.tickfont, { size: 11 });
      var lines = 1, shown = (axis.categoryarray || []).map(function (name) {
        if (!figure.layout.meta.wrap) return name.length > 22 ? name.replace(/^(.{19}).*$/, "$1…").replace(/&[^;]*…$/, "…") : name;
        var parts = wrap(name, 21);
        lines = Math.max(lines, parts.length);
        return parts.join("<br>");
      });
      figure.layout.height += shown.length * Math.max(0, 14 * lines + 6 - chart.rowHeight);
      axis.tickmode = "array"; axis.tickvals = axis.categoryarray; axis.ticktext = shown;
    }
    figure.data.forEach(function (trace) { if (trace.colorbar) trace.colorbar.len = 0.9; if (trace.mode === "markers+text") trace.textfont = Object.assign({}, trace.textfont, { size: 11 }); });
    return figure;
  }

  /* ---- one chart ---- */
  function part(id, name) { return document.getElementById(id + "-" + name); }
  function choice(chart) {
    return chart.controls.map(function (name) { return state[name]; });
  }
  function keyOf(id, chart) {
    return chart.controls.length ? choice(chart).join("|") : chart.default;
  }
  function offered(id, chart) {
    /* A choice without rows is switched off, not shown as an empty chart. */
    var known = Object.keys(views[id] || {});
    chart.controls.slice(1).forEach(function (name, before) {
      var select = part(id, name), usable = [];
      var start = chart.controls.slice(0, before + 1).map(function (other) { return state[other] + "|"; }).join("");
      Array.prototype.forEach.call(select.options, function (option) {
        var key = start + option.value;
        option.disabled = !known.some(function (found) { return found === key || found.indexOf(key + "|") === 0; });
        option.hidden = option.disabled;
        if (!option.disabled) usable.push(option.value);
      });
      select.disabled = !usable.length;
      if (usable.length && usable.indexOf(state[name]) < 0) state[name] = usable[0];
      select.value = state[name];
    });
  }
  function show(id) {
    var chart = charts[id];
    if (!chart) return;
    var first = chart.controls.length ? state[chart.controls[0]] : "";
    need(id, chart.split ? first : "", function () {
      var extra = loaded[id + "|" + (chart.split ? first : "")];
      if (extra && extra.html) Object.keys(extra.html).forEach(function (target) {
        var box = document.getElementById(target);
        /* Written and escaped by the build, from the same template as the page itself. */
        if (box && box.getAttribute("data-part") !== extra.part) { box.innerHTML = extra.html[target]; box.setAttribute("data-part", extra.part); }
      });
      offered(id, chart);
      chart.controls.forEach(function (name) { var select = part(id, name); if (select) select.value = state[name]; });
      var key = keyOf(id, chart), view = (views[id] || {})[key];
      words(id, chart, view, key);
      if (drawn[id]) draw(id);
    });
  }
  function words(id, chart, view, key) {
    document.getElementById(id).classList.toggle("nothing", !view);
    var summary = part(id, "summary"), body = part(id, "table").tBodies[0];
    var from = part(id, "source");
    if (from) from.textContent = sourceOf(chart, view);
    summary.textContent = view ? view.summary : chart.nothing;
    if (body.getAttribute("data-key") === key || (!body.hasAttribute("data-key") && key === chart.default)) { body.setAttribute("data-key", key); return; }
    body.setAttribute("data-key", key);
    body.textContent = "";
    if (!view) return;
    var count = view.columns[chart.columns[0].name].length;
    for (var at = 0; at < count; at++) {
      var row = body.insertRow();
      chart.columns.forEach(function (column, index) {
        var cell = document.createElement(index ? "td" : "th");
        if (!index) cell.scope = "row";
        if (column.format !== "text") cell.className = "num";
        cell.textContent = written(view.columns[column.name][at], column.format);
        row.appendChild(cell);
      });
    }
  }
  function sourceOf(chart, view) { return (view && view.source) || chart.source; }
  function current(id) { return (views[id] || {})[keyOf(id, charts[id])]; }
  function draw(id) {
    var chart = charts[id], view = current(id), box = part(id, "plot");
    if (!window.Plotly) return;
    if (!view) return;
    needMap(chart.map, function () {
      if (view !== current(id)) return;
      var figure = fit(bind(chart, view), chart, box.clientWidth);
      box.style.minHeight = figure.layout.height + "px";
      box.querySelectorAll(".sketch").forEach(function (stale) { stale.remove(); });
      window.Plotly.react(box, figure.data, figure.layout, CONFIG).then(function () {
        box.querySelectorAll("svg").forEach(function (svg) { svg.setAttribute("aria-hidden", "true"); svg.setAttribute("focusable", "false"); });
        box.setAttribute("data-drawn", keyOf(id, chart));
      });
    });
  }

  /* ---- the page's address holds the choice ---- */
  function readAddress() {
    new URLSearchParams(location.search).forEach(function (value, name) {
      var select = document.querySelector('select[data-control="' + name.replace(/[^a-z]/g, "") + '"]');
      if (select && Array.prototype.some.call(select.options, function (option) { return option.value === value; })) state[name] = value;
    });
  }
  function defaults() {
    document.querySelectorAll("select[data-control]").forEach(function (select) {
      var name = select.getAttribute("data-control");
      var preset = select.querySelector("option[selected]") || select.options[0];
      if (!(name in state) && preset) state[name] = preset.value;
    });
  }
  function address(id) {
    var query = new URLSearchParams(), chart = id && charts[id];
    Object.keys(state).sort().forEach(function (name) {
      if (chart && chart.controls.indexOf(name) < 0) return;
      query.set(name, state[name]);
    });
    var text = query.toString();
    return location.pathname + (text ? "?" + text : "") + (id ? "#" + id : "");
  }
  function remember() {
    /* Some browsers refuse to change the address of a page opened from a folder; the links still hold the choice. */
    try { history.replaceState(null, "", address("") + location.hash); } catch (refused) { /* links below suffice */ }
    links();
  }
  function links() {
    document.querySelectorAll('[data-do="link"]').forEach(function (link) {
      var id = link.closest("[data-chart]").getAttribute("data-chart");
      if (charts[id]) link.href = address(id).replace(location.pathname, location.pathname.split("/").pop());
    });
  }
  function say(text) { document.getElementById("live").textContent = text; }

  /* ---- taking away ---- */
  function cell(value) {
    if (value === null || value === undefined) return "";
    if (isNumber(value)) return String(value);
    var text = String(value);
    if (/^[=+\-@\t\r\n]/.test(text)) text = "'" + text;
    return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  }
  function csv(id) {
    var chart = charts[id], view = current(id), oneLine = function (text) { return String(text).replace(/\s+/g, " "); };
    var lines = ["# title: " + oneLine(chart.title), "# shows: " + oneLine(view.summary), "# source: " + oneLine(sourceOf(chart, view)),
      "# page: " + oneLine(address(id).split("/").pop()), "# read as: lines that start with # are a comment"];
    lines.push(chart.columns.map(function (column) { return cell(column.label); }).join(","));
    var count = view.columns[chart.columns[0].name].length;
    for (var at = 0; at < count; at++) lines.push(chart.columns.map(function (column) { return cell(view.columns[column.name][at]); }).join(","));
    return lines.join("\n") + "\n";
  }
  function save(name, blob) {
    var link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(function () { URL.revokeObjectURL(link.href); }, 1000);
  }
  /* The picture says by itself what it shows and where it comes from: title and sentence above, source and note below. */
  function picture(id, format) {
    var chart = charts[id], view = current(id), width = 960;
    var box = document.createElement("div"), figure = fit(bind(chart, view), chart, width);
    return new Promise(function (done) { needMap(chart.map, done); }).then(function () {
      return window.Plotly.newPlot(box, figure.data, figure.layout, Object.assign({ staticPlot: true }, CONFIG));
    }).then(function () {
      return window.Plotly.toImage(box, { format: "svg", width: width, height: figure.layout.height, imageDataOnly: true });
    }).then(function (inner) {
      window.Plotly.purge(box);
      var framed = frame(inner, width, figure.layout.height, chart.title, view.summary, "Source: " + sourceOf(chart, view));
      if (format === "svg") return save(fileName(id) + ".svg", new Blob([framed.svg], { type: "image/svg+xml" }));
      return raster(framed).then(function (blob) { save(fileName(id) + ".png", blob); });
    });
  }
  function frame(inner, width, height, title, summary, source) {
    var y = 14, parts = [];
    function lines(text, size, weight, colour, limit) {
      wrap(text, limit).forEach(function (line) {
        y += Math.round(size * 1.4);
        parts.push('<text x="16" y="' + y + '" font-size="' + size + '" font-weight="' + weight + '" fill="' + colour + '">' + escaped(line) + "</text>");
      });
    }
    lines(title, 19, 600, "#1b2430", 86);
    lines(summary, 14, 400, "#323c4a", 128);
    y += 16;
    var top = y;
    y += height + 4;
    lines(source, 11.5, 400, "#566171", 150);
    y += 16;
    var font = "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif";
    return { width: width, height: y, svg: '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="' + width + '" height="' + y +
      '" viewBox="0 0 ' + width + " " + y + '" font-family="' + font + '"><rect width="100%" height="100%" fill="#fff"/>' + parts.join("") +
      inner.slice(inner.indexOf("<svg")).replace("<svg ", '<svg x="0" y="' + top + '" ') + "</svg>" };
  }
  function raster(framed) {
    return new Promise(function (done, fail) {
      var image = new Image(), canvas = document.createElement("canvas");
      canvas.width = framed.width * 2;
      canvas.height = framed.height * 2;
      image.onerror = fail;
      image.onload = function () {
        canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
        canvas.toBlob(done, "image/png");
      };
      image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(framed.svg);
    });
  }
  function wrap(text, width) {
    var lines = [""];
    text.split(/\s+/).forEach(function (word) {
      var last = lines[lines.length - 1];
      if ((last + " " + word).length > width && last) lines.push(word); else lines[lines.length - 1] = last ? last + " " + word : word;
    });
    return lines;
  }
  function fileName(id) { return slug([id].concat(choice(charts[id])).join("-")); }

  /* ---- keyboard ---- */
  function reader(id, box) {
    var at = -1;
    box.addEventListener("keydown", function (event) {
      var chart = charts[id], view = current(id);
      if (!view) return;
      var last = view.columns[chart.columns[0].name].length - 1;
      if (event.key === "ArrowRight" || event.key === "ArrowDown") at = Math.min(last, at + 1);
      else if (event.key === "ArrowLeft" || event.key === "ArrowUp") at = Math.max(0, at - 1);
      else if (event.key === "Home") at = 0;
      else if (event.key === "End") at = last;
      else if (event.key === "Escape") { at = -1; say(""); box.blur(); return; }
      else return;
      event.preventDefault();
      at = Math.min(at, last);
      say(rowWords(chart, view, at).join(", "));
    });
  }

  /* ---- start ---- */
  function start() {
    readAddress();
    defaults();
    var sections = document.querySelectorAll("[data-chart]");
    var seen = window.IntersectionObserver && new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) { if (entry.isIntersecting) { seen.unobserve(entry.target); first(entry.target.getAttribute("data-chart")); } });
    }, { rootMargin: "600px 0px" });
    function first(id) { if (!drawn[id]) { drawn[id] = true; show(id); } }
    sections.forEach(function (section) {
      var id = section.getAttribute("data-chart");
      if (!charts[id]) return;
      reader(id, part(id, "plot"));
      section.addEventListener("change", function (event) {
        var name = event.target.getAttribute("data-control");
        if (!name) return;
        state[name] = event.target.value;
        Object.keys(charts).forEach(function (other) { if (charts[other].controls.indexOf(name) >= 0) show(other); });
        remember();
        setTimeout(function () { var view = current(id); if (view) say(view.summary); }, 50);
      });
      section.addEventListener("click", function (event) {
        var what = event.target.getAttribute("data-do");
        if (!what || what === "link") return;
        if (what !== "csv") return picture(id, what);
        /* The byte-order mark tells spreadsheets that the text is UTF-8. */
        save(fileName(id) + ".csv", new Blob(["\ufeff" + csv(id)], { type: "text/csv;charset=utf-8" }));
      });
      show(id);
      if (seen) seen.observe(section); else first(id);
    });
    links();
    document.querySelectorAll("select[data-filter]").forEach(function (select) {
      select.addEventListener("change", function () {
        var shown = 0;
        document.querySelectorAll("#" + select.getAttribute("data-filter") + " tbody tr").forEach(function (row) {
          row.hidden = Boolean(select.value) && row.getAttribute("data-region") !== select.value;
          if (!row.hidden) shown += 1;
        });
        var list = document.getElementById(select.getAttribute("data-filter")).closest("details");
        if (list) list.open = true;
        say(shown + " places");
      });
    });
    /* On a phone a long list of places is folded until somebody asks for it. */
    function fold() {
      document.querySelectorAll("details.fold").forEach(function (list) { list.open = window.innerWidth > 640; });
      reveal();
    }
    /* A link to something inside a folded list opens it. */
    function reveal() {
      var target = location.hash && document.getElementById(location.hash.slice(1));
      if (!target) return;
      var inner = target.querySelector("details.fold");
      if (inner) inner.open = true;
      for (var box = target.parentElement; box; box = box.parentElement) if (box.tagName === "DETAILS") box.open = true;
      target.scrollIntoView();
    }
    fold();
    window.addEventListener("hashchange", reveal);
    var timer, width = window.innerWidth;
    window.addEventListener("resize", function () {
      if (window.innerWidth === width) return;
      width = window.innerWidth;
      document.querySelectorAll("details.fold").forEach(function (list) { if (width > 640) list.open = true; });
      clearTimeout(timer);
      timer = setTimeout(function () { Object.keys(drawn).forEach(draw); }, 120);
    });
    window.addEventListener("beforeprint", function () { document.querySelectorAll("details.fold").forEach(function (list) { list.open = true; }); Object.keys(charts).forEach(function (id) { if (!drawn[id]) { drawn[id] = true; draw(id); } }); });
  }
  window.hre = { csv: csv, bind: bind, current: current, charts: charts, state: state, pictureOf: picture };
  start();
})();
