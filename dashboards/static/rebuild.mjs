// Rebuilds plotly-hre.min.js.gz, the map outlines and PLOTLY_LICENSE. See README.md beside this file.
// Run in a folder outside the repository:
//   npm install plotly.js@4.1.1 esbuild && node <repository>/dashboards/static/rebuild.mjs
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import zlib from "node:zlib";

const work = process.cwd();
const require = createRequire(path.join(work, "package.json"));
const out = path.dirname(fileURLToPath(import.meta.url));
const esbuild = require("esbuild");
const sums = [];

function keep(name, bytes) {
  // Level 9 without a time stamp or a name: the same input gives the same bytes.
  const packed = zlib.gzipSync(bytes, { level: 9 });
  fs.writeFileSync(path.join(out, name + ".gz"), packed);
  sums.push(createHash("sha256").update(packed).digest("hex") + "  " + name + ".gz");
  console.log(name, bytes.length, "->", packed.length);
}

const entry = ["bar", "heatmap", "choropleth", "scattergeo"].map((t) => `require("plotly.js/lib/${t}")`).join(",");
const built = await esbuild.build({
  stdin: { contents: `var P=require("plotly.js/lib/core");P.register([${entry}]);module.exports=P;`, resolveDir: work },
  bundle: true, minify: true, format: "iife", globalName: "Plotly", define: { global: "window" },
  target: "es2018", legalComments: "none", write: false, outdir: "x", metafile: true, logLevel: "error",
});
const banner = "/* plotly.js 4.1.1, custom bundle (scatter, bar, heatmap, choropleth, scattergeo). MIT licence: see PLOTLY_LICENSE */\n";
const js = built.outputFiles.find((file) => file.path.endsWith(".js"));
keep("plotly-hre.min.js", Buffer.from(banner + js.text));

// Every package inside the bundle, with its own licence text.
const packages = new Set();
for (const input of Object.keys(built.metafile.inputs)) {
  const hit = input.match(/^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//);
  if (hit) packages.add(hit[1]);
}
let licences = "";
for (const folder of [...packages].sort()) {
  const card = JSON.parse(fs.readFileSync(path.join(work, folder, "package.json"), "utf8"));
  const file = fs.readdirSync(path.join(work, folder)).find((name) => /^licen[cs]e/i.test(name));
  const text = file ? fs.readFileSync(path.join(work, folder, file), "utf8").trim() : "(licence named in its package.json)";
  licences += `${"=".repeat(78)}\n${card.name} ${card.version} (${card.license ?? "see text"})\n${"=".repeat(78)}\n${text}\n\n`;
}
fs.writeFileSync(path.join(out, "PLOTLY_LICENSE"), licences.replace(/[ \t\r]+$/gm, ""));

// Map outlines ship inside plotly-geo-assets.js; a page cannot fetch them from a CDN.
const assets = fs.readFileSync(path.join(work, "node_modules/plotly.js/dist/plotly-geo-assets.js"), "utf8").split("\n");
function topology(name) {
  const at = assets.findIndex((line) => line.includes(`"dist/topojson/${name}.json"(exports`));
  const text = assets[at + 1].trim().replace(/^module\.exports = /, "").replace(/;$/, "");
  return new Function("return (" + text + ")")();
}
for (const name of ["usa_110m", "world_110m"]) {
  const shown = JSON.stringify(topology(name));
  keep(`topojson-${name}.js`, Buffer.from(
    `(window.PlotlyGeoAssets=window.PlotlyGeoAssets||{topojson:{}}).topojson.${name}=${shown};`));
}
// Countries too small for world_110m are drawn as dots at the centres that world_50m gives.
const drawn = new Set(topology("world_110m").objects.countries.geometries.map((shape) => shape.id));
const dots = {};
for (const shape of topology("world_50m").objects.countries.geometries) {
  if (shape.id && !drawn.has(shape.id) && shape.properties?.ct) dots[shape.id] = shape.properties.ct;
}
const ordered = Object.fromEntries(Object.entries(dots).sort());
fs.writeFileSync(path.join(out, "map_places.json"), JSON.stringify({ drawn: [...drawn].filter(Boolean).sort(), dots: ordered }) + "\n");
fs.writeFileSync(path.join(out, "SHA256SUMS"), sums.join("\n") + "\n");
