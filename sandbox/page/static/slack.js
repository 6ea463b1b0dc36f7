// The Slack side: channels and apps, messages and threads, the app's home, forms; as one person's client shows them.

import { composer } from "./compose.js";
import { down, h, keepDown, keyed, redraw, reveal } from "./dom.js";
import { emoji, pickEmoji } from "./emoji.js";
import { blocks, files } from "./slack-blocks.js";
import { mrkdwn } from "./slack-text.js";
import { viewer } from "./slack-view.js";
import { who, shell } from "./side.js";
import { menu, raw, tell } from "./windows.js";
import { call, coalesced, uploads } from "./wire.js";
import { count, t, time } from "./words.js";

const MARKS = {
  bold: { around: "*" }, italic: { around: "_" }, strike: { around: "~" }, code: { around: "`" }, block: { around: "```\n", end: "\n```" },
  quote: { before: "> " }, list: { before: "• " },
};

export function slackSide(root, memory) {
  let me = memory.get("slack.me");
  let at = { channel: null, thread: null, tab: "messages" };
  let seen = null;
  let editing = null;
  let read = null; // channel → the newest ts that this person has seen; what there was when they came counts as seen
  const act = (verb, args = {}) => call("slack", verb, { user: me, ...args });
  const frame = shell(root, { name: "Slack", whoChanged: (user) => become(user) });
  const main = h("div", { class: "main" });
  const aside = h("aside", { class: "thread", "aria-label": t("thread"), hidden: true });
  frame.content.append(main, aside);
  const names = {
    user: (id) => seen.users[id]?.profile.display_name ?? id,
    channel: (id) => seen.channels.find((channel) => channel.id === id)?.name ?? id,
    group: (id) => seen.groups[id]?.handle ?? id,
  };
  const room = (press, at, more = {}) => ({
    names, press, host: root,
    users: () => Object.values(seen.users).filter((user) => !user.is_bot).map((user) => ({ value: user.id, label: user.real_name })),
    channels: () => seen.channels.filter((channel) => !channel.is_im).map((channel) => ({ value: channel.id, label: `#${channel.name}` })),
    options: async (element, query, block) => options(await act("suggest", { action_id: element.action_id, words: query, ...at }), block),
    ...more,
  });
  const options = (answer) => {
    wrong(answer);
    return answer.options ?? answer.option_groups?.flatMap((group) => group.options) ?? [];
  };
  const view = viewer(room(async (element, value) => wrong(await act("press_in_view", { action_id: element.action_id, value })), { surface: "view" }, {
    submit: (values) => act("submit", { values }).then(async (answer) => { await refresh(); return answer; }),
    dismiss: async () => { await act("close_view"); await refresh(); },
  }));

  const wrong = (answer) => {
    if (answer?.ok === false) tell(answer.error ?? Object.values(answer.client_errors ?? {}).join(" "));
    return answer;
  };

  const refresh = coalesced(async () => {
    if (!me) {
      const state = await call("slack", "state");
      if (!state.users) return;
      me = Object.keys(state.users).find((id) => !state.users[id].is_bot);
    }
    const found = await act("view");
    frame.away(!found.channels);
    if (found.error === "user_not_found") { me = null; return; }
    if (!found.channels) return;
    const whisper = seen && latest(found)?.ts !== latest(seen)?.ts ? latest(found) : null;
    seen = found;
    if (!seen.channels.some((channel) => channel.id === at.channel)) at = { channel: seen.channels[0]?.id, thread: null, tab: "messages" };
    // Whoever presses on a card in its channel is answered in the card's thread: it opens, so that the answer is seen.
    if (whisper?.thread_ts && at.tab === "messages" && whisper.channel === at.channel && !at.thread) at = { ...at, thread: whisper.thread_ts };
    draw();
    if (whisper) reveal(frame.content, whisper.ts);
  });
  const latest = (view) => view.ephemeral.at(-1);

  function become(user) {
    me = user;
    memory.set("slack.me", user);
    read = null;
    editing = null;
    at = { channel: null, thread: null, tab: "messages" };
    return refresh();
  }

  function go(channel, thread = null, tab = "messages") {
    at = { channel, thread, tab };
    editing = null;
    frame.closeMenu();
    draw();
    if (tab === "home") act("open_home").then(refresh);
  }

  const channelNow = () => seen.channels.find((channel) => channel.id === at.channel);
  const title = (channel) => (channel.is_im ? names.user(seen.bot) : channel.name);
  const top = (channel) => channel.messages.filter((message) => (message.thread_ts ?? message.ts) === message.ts);
  const newest = (channel) => channel.messages.at(-1)?.ts ?? "";

  function draw() {
    read ??= new Map(seen.channels.map((channel) => [channel.id, newest(channel)]));
    const people = Object.values(seen.users).filter((user) => !user.is_bot);
    frame.people(people.map((user) => ({ id: user.id, name: user.real_name, role: role(user.id), language: user.locale })), me);
    sidebar();
    mainPart();
    threadPart();
    view(seen.views.at(-1), seen.typed);
    const channel = channelNow();
    if (channel) read.set(channel.id, newest(channel));
  }

  function role(user) {
    const groups = Object.values(seen.groups).filter((group) => group.users.includes(user)).map((group) => `@${group.handle}`);
    return groups.join(", ") || t("client");
  }

  function sidebar() {
    const entry = (channel) => {
      const unread = newest(channel) > (read.get(channel.id) ?? "") && channel.id !== at.channel;
      return h("button", {
        type: "button", class: `channel ${unread ? "unread" : ""}`, "aria-current": channel.id === at.channel ? "page" : null,
        data: { focus: channel.id }, on: { click: () => go(channel.id) },
      }, h("span", { class: channel.is_im ? "app-icon" : "hash", "aria-hidden": "true" }, channel.is_im ? "" : channel.is_private ? "🔒" : "#"), title(channel), unread ? h("span", { class: "dot" }, t("new")) : null);
    };
    const shown = seen.channels.map((channel) => [channel.id, channel.name, newest(channel)]);
    redraw(frame.sidebar, [shown, at.channel, at.tab, me, document.documentElement.lang, [...read]], () => [
      h("h2", {}, seen.team),
      h("h3", {}, t("channels")), seen.channels.filter((channel) => !channel.is_im).map(entry),
      h("h3", {}, t("apps")), seen.channels.filter((channel) => channel.is_im).map(entry),
    ]);
  }

  function mainPart() {
    const channel = channelNow();
    const key = [at.channel, at.tab, me, document.documentElement.lang];
    if (redraw(main, key, () => mainFrame(channel))) frame.titled(title(channel));
    const home = main.querySelector(".home");
    if (home) redraw(home, seen.home, () => homeBlocks());
    const list = main.querySelector(".messages");
    if (list) messages(list, channel, [...top(channel), ...whispers(channel, null)]);
  }

  function mainFrame(channel) {
    const tab = (name) => h("button", {
      type: "button", role: "tab", "aria-selected": String(at.tab === name), data: { focus: `tab-${name}` }, on: { click: () => go(channel.id, null, name) },
    }, t(name));
    const head = h("header", { class: "channel-head" }, h("h2", {}, channel.is_im ? title(channel) : `# ${channel.name}`), channel.is_im ? h("div", { role: "tablist" }, ["home", "messages"].map(tab)) : null);
    if (at.tab === "home") return [head, h("div", { class: "home", role: "region", "aria-label": t("home.is") })];
    return [head, keepDown(h("div", { class: "messages", role: "log", "aria-label": title(channel), tabindex: "0" })), compose(channel, null).element];
  }

  function homeBlocks() {
    if (!seen.home) return h("p", { class: "empty" }, t("home.empty"));
    const here = room(async (element, value) => wrong(await act("press_home", { action_id: element.action_id, value })), { surface: "home" });
    return [h("div", { class: "home-tools" }, rawButton(seen.home)), ...blocks(seen.home.blocks, here)];
  }

  function threadPart() {
    const channel = channelNow();
    const rootMessage = at.thread && channel.messages.find((message) => message.ts === at.thread);
    aside.hidden = !rootMessage;
    frame.content.classList.toggle("has-thread", Boolean(rootMessage));
    if (!rootMessage) { aside.replaceChildren(); aside.signed = null; return; }
    redraw(aside, [at.channel, at.thread, me, document.documentElement.lang], () => [
      h("header", { class: "channel-head" }, h("h2", {}, t("thread"), h("small", {}, title(channel))),
        h("button", { type: "button", class: "close", "aria-label": t("close"), on: { click: () => go(at.channel, null, at.tab) } }, "✕")),
      keepDown(h("div", { class: "messages", role: "log", "aria-label": t("thread"), tabindex: "0" })),
      compose(channel, at.thread).element,
    ]);
    const replies = channel.messages.filter((message) => message.thread_ts === at.thread && message.ts !== at.thread);
    messages(aside.querySelector(".messages"), channel, [rootMessage, ...replies, ...whispers(channel, at.thread)], true);
  }

  const whispers = (channel, thread) => seen.ephemeral
    .filter((message) => message.channel === channel.id && (message.thread_ts ?? null) === thread)
    .map((message) => ({ ...message, user: seen.bot, ephemeral: true }));

  function messages(list, channel, all, inThread = false) {
    const sorted = all.toSorted((a, b) => (a.ts < b.ts ? -1 : 1));
    const entries = sorted.length ? sorted : [{ ts: "none", nothing: true }];
    keyed(list, entries, (message) => message.ts, (message) => [message, channel.pins.includes(message.ts), editing === message.ts, inThread, document.documentElement.lang, me], (message) =>
      message.nothing ? h("p", { class: "empty" }, t("empty")) : article(message, channel, inThread));
    down(list);
  }

  function article(message, channel, inThread) {
    const user = seen.users[message.user];
    const mine = message.user === me && !message.ephemeral;
    const body = editing === message.ts ? editor(message, channel) : [content(message, channel), files(message.files)];
    return h("article", { class: `message ${message.ephemeral ? "ephemeral" : ""}`, tabindex: "0", "aria-label": `${names.user(message.user)} ${time(Number(message.ts) * 1000)}`, data: { ts: message.ts } },
      who(message.user, names.user(message.user), user?.is_bot),
      h("div", { class: "message-body" },
        channel.pins.includes(message.ts) ? h("p", { class: "only-you" }, "📌 ", t("pinned.by", { name: names.user(seen.bot) })) : null,
        message.ephemeral ? h("p", { class: "only-you" }, "👁 ", t("only_you")) : null,
        h("p", { class: "byline" }, h("b", {}, names.user(message.user)), user?.is_bot ? h("span", { class: "badge" }, "APP") : null, h("time", {}, time(Number(message.ts) * 1000))),
        body, message.edited && !user?.is_bot ? h("small", { class: "edited" }, t("edited")) : null,
        reactions(message, channel),
        message.reply_count && !inThread ? h("button", { type: "button", class: "replies", data: { focus: `replies-${message.ts}` }, on: { click: () => go(channel.id, message.ts) } }, count("replies", message.reply_count)) : null),
      tools(message, channel, mine, inThread));
  }

  function content(message, channel) {
    if (!message.blocks?.length) return h("div", { class: "rich" }, mrkdwn(message.text ?? "", names));
    const where = { channel: channel.id, ts: message.ts };
    return blocks(message.blocks, room(async (element, value) => wrong(await act("press", { ...where, action_id: element.action_id, value })), where));
  }

  function editor(message, channel) {
    const area = h("textarea", { rows: "3", value: unescaped(message.text), "aria-label": t("edit"), autofocus: true });
    const save = async () => {
      if (area.value.trim()) wrong(await act("edit", { channel: channel.id, ts: message.ts, text: escaped(area.value) }));
      editing = null;
      refresh();
    };
    const stop = () => { editing = null; draw(); };
    area.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { event.stopPropagation(); stop(); }
      if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); save(); }
    });
    requestAnimationFrame(() => area.focus());
    return h("div", { class: "editor" }, area, h("button", { type: "button", class: "button", on: { click: stop } }, t("cancel")), h("button", { type: "button", class: "button primary", on: { click: save } }, t("save")));
  }

  function reactions(message, channel) {
    if (!message.reactions?.length) return null;
    return h("div", { class: "reactions" }, message.reactions.map((one) => h("button", {
      type: "button", class: one.users.includes(me) ? "mine" : "", "aria-label": t("reaction.by", { emoji: one.name, names: one.users.map(names.user).join(", ") }),
      on: { click: () => react(message, channel, one.name, one.users.includes(me)) },
    }, emoji(one.name) ?? `:${one.name}:`, " ", String(one.count))));
  }

  const react = async (message, channel, name, back = false) => wrong(await act(back ? "unreact" : "react", { channel: channel.id, ts: message.ts, name }));

  const rawButton = (value) => h("button", { type: "button", title: t("raw"), "aria-label": t("raw"), on: { click: () => raw("Block Kit", value) } }, "{ }");

  function tools(message, channel, mine, inThread) {
    const button = (label, text, click) => h("button", { type: "button", title: label, "aria-label": label, on: { click } }, text);
    const reactButton = button(t("react"), "☺", () => pickEmoji(reactButton, (name) => react(message, channel, name)));
    const moreButton = button(t("more"), "⋮", () => menu(moreButton, [
      ...seen.shortcuts.map((shortcut) => ({ label: shortcut.name ?? shortcut, note: names.user(seen.bot), act: async () => wrong(await act("shortcut", { callback_id: shortcut.callback_id ?? shortcut, channel: channel.id, ts: message.ts })) })),
      ...(mine ? [{ label: t("edit"), act: () => { editing = message.ts; draw(); } }, { label: t("delete"), danger: true, act: async () => wrong(await act("delete", { channel: channel.id, ts: message.ts })) }] : []),
      { label: t("raw"), act: () => raw("Block Kit", message) },
    ], t("more")));
    if (message.ephemeral) {
      return h("div", { class: "message-tools" }, rawButton(message), button(t("dismiss"), "✕", async () => { await act("dismiss", { ts: message.ts }); await refresh(); }));
    }
    return h("div", { class: "message-tools" }, reactButton, inThread ? null : button(t("reply"), "💬", () => go(channel.id, message.ts)), rawButton(message), moreButton);
  }

  function compose(channel, thread) {
    const where = channel.is_im ? title(channel) : `#${channel.name}`;
    return composer({
      key: ["slack", me, channel.id, thread].join(),
      label: t(thread ? "compose.thread" : "compose", { where }), placeholder: t(thread ? "compose.thread" : "compose", { where }), marks: MARKS,
      emojiText: (name) => `:${name}:`,
      suggest: (trigger, query) => (trigger === "/"
        ? seen.commands.filter((command) => command.startsWith(`/${query}`)).map((command) => ({ label: command, note: seen.described[command] ?? names.user(seen.bot), insert: command }))
        : Object.values(seen.users).filter((user) => user.real_name.toLowerCase().includes(query.toLowerCase())).map((user) => ({ label: `@${user.name}`, note: user.real_name, insert: `@${user.name}` }))),
      send: async (text, given) => {
        const command = /^(\/[\w-]+)\s*([\s\S]*)$/.exec(text);
        const answer = command
          ? await act("command", { command: command[1], text: command[2], channel: channel.id, thread_ts: thread })
          : await act("say", { channel: channel.id, thread_ts: thread, text: mentioned(escaped(text)), files: await uploads(given) });
        await refresh();
        return answer.ok === false ? answer.error : "";
      },
    });
  }

  const mentioned = (text) => text.replace(/(^|\s)@([\w.-]+)/g, (whole, before, name) => {
    const user = Object.values(seen.users).find((one) => one.name === name);
    return user ? `${before}<@${user.id}>` : whole;
  }).replace(/(^|\s)(https?:\/\/[^\s<>]+)/g, "$1<$2>");
  const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replace(/(^|\n)&gt; ?/g, "$1> ");
  const unescaped = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

  return {
    refresh, become, redraw: () => seen && draw(),
    show: async (person, channel, thread) => {
      if (person && person !== me) await become(person);
      else await refresh();
      if (channel && seen) go(channel, thread || null);
    },
  };
}
