// Slack's text as Slack draws it: mrkdwn, plain text, and the leaves of rich_text. `names` knows people and channels.

import { emoji, shortcodes } from "./emoji.js";
import { h } from "./dom.js";

const INLINE = /(```[\s\S]+?```)|`([^`\n]+)`|(?<![\w*])\*([^*\n]+)\*(?![\w*])|(?<![\w_])_([^_\n]+)_(?![\w_])|(?<![\w~])~([^~\n]+)~(?![\w~])|<([^<>\n]+)>|:([a-z0-9_+-]+(?:::skin-tone-\d)?):/g;

const unescaped = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

export function textObject(object, names) {
  if (!object) return [];
  if (object.type === "plain_text") return lines(object.text);
  return mrkdwn(object.text, names);
}

const lines = (text) => text.split("\n").flatMap((line, number) => [number ? h("br") : "", ...shortcodes(line)]);

export function mrkdwn(text, names) {
  const shown = [];
  let quoted = null;
  text.split(/(```[\s\S]+?```)/).forEach((part) => {
    if (part.startsWith("```") && part.length > 6) {
      shown.push(h("pre", {}, unescaped(part.slice(3, -3).replace(/^\n|\n$/g, ""))));
      return;
    }
    part.split("\n").forEach((line, number) => {
      const quote = /^(?:>|&gt;) ?/.exec(line);
      if (quote) {
        if (!quoted) shown.push(quoted = h("blockquote"));
        else quoted.append(h("br"));
        quoted.append(...inline(line.slice(quote[0].length), names));
        return;
      }
      if (number && !quoted) shown.push(h("br"));
      quoted = null;
      shown.push(...inline(line, names));
    });
  });
  return shown;
}

function inline(text, names) {
  const shown = [];
  let at = 0;
  for (const found of text.matchAll(INLINE)) {
    shown.push(...shortcodes(unescaped(text.slice(at, found.index))));
    at = found.index + found[0].length;
    const [whole, , code, bold, italic, strike, bracket, name] = found;
    if (code) shown.push(h("code", {}, unescaped(code)));
    else if (bold) shown.push(h("b", {}, inline(bold, names)));
    else if (italic) shown.push(h("i", {}, inline(italic, names)));
    else if (strike) shown.push(h("s", {}, inline(strike, names)));
    else if (bracket) shown.push(bracketed(bracket, names));
    else shown.push(emojiLeaf(name) ?? whole);
  }
  return [...shown, ...shortcodes(unescaped(text.slice(at)))];
}

function bracketed(text, names) {
  const [target, label] = text.split("|");
  if (target.startsWith("@")) return mention(`@${names.user(target.slice(1))}`);
  if (target.startsWith("#")) return mention(`#${names.channel(target.slice(1))}`);
  if (target.startsWith("!subteam^")) return mention(`@${names.group(target.slice(9))}`);
  if (target.startsWith("!date^")) return date(Number(target.split("^")[1]), label);
  if (target.startsWith("!")) return mention(`@${target.slice(1)}`);
  return link(unescaped(target), unescaped(label ?? target));
}

const mention = (text) => h("span", { class: "mention" }, text);
const date = (seconds, fallback) => h("time", { datetime: new Date(seconds * 1000).toISOString() }, fallback ?? new Date(seconds * 1000).toLocaleString());

export function link(url, ...label) {
  if (!/^(https?|mailto):/i.test(url)) return h("span", {}, label);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer", title: url }, label);
}

function emojiLeaf(name) {
  const character = emoji(name);
  return character ? h("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " ") }, character) : null;
}

export function richText(block, names) {
  return h("div", { class: "rich" }, block.elements.map((element) => richElement(element, names)));
}

function richElement(element, names) {
  const leaves = () => element.elements.flatMap((leaf) => richLeaf(leaf, names));
  switch (element.type) {
    case "rich_text_list":
      return h(element.style === "ordered" ? "ol" : "ul", {
        class: `indent-${element.indent ?? 0}`, start: element.style === "ordered" && element.offset ? element.offset + 1 : null,
      }, element.elements.map((item) => h("li", {}, item.elements.flatMap((leaf) => richLeaf(leaf, names)))));
    case "rich_text_preformatted":
      return h("pre", {}, leaves());
    case "rich_text_quote":
      return h("blockquote", {}, leaves());
    default:
      return h("p", {}, leaves());
  }
}

function richLeaf(leaf, names) {
  switch (leaf.type) {
    case "text":
      return styled(lines(leaf.text), leaf.style);
    case "link":
      return styled([link(leaf.url, leaf.text || leaf.url)], leaf.style);
    case "emoji":
      return [emojiLeaf(leaf.name) ?? `:${leaf.name}:`];
    case "user":
      return styled([mention(`@${names.user(leaf.user_id)}`)], leaf.style);
    case "usergroup":
      return styled([mention(`@${names.group(leaf.usergroup_id)}`)], leaf.style);
    case "channel":
      return styled([mention(`#${names.channel(leaf.channel_id)}`)], leaf.style);
    case "broadcast":
      return [mention(`@${leaf.range}`)];
    case "date":
      return [date(leaf.timestamp, leaf.fallback)];
    case "color":
      return [h("span", { class: "colour" }, h("i", { style: { background: leaf.value } }), leaf.value)];
    default:
      return [h("code", {}, JSON.stringify(leaf))];
  }
}

function styled(nodes, style = {}) {
  let shown = nodes;
  if (style.code) shown = [h("code", {}, shown)];
  if (style.bold) shown = [h("b", {}, shown)];
  if (style.italic) shown = [h("i", {}, shown)];
  if (style.strike) shown = [h("s", {}, shown)];
  if (style.underline) shown = [h("u", {}, shown)];
  return shown;
}
