// The Discord side: channels, threads and posts, messages with embeds and components, forms; as one person's client shows them.

import { composer } from "./compose.js";
import { command, completions } from "./discord-commands.js";
import { viewer } from "./discord-modal.js";
import { attachments, components, embed } from "./discord-parts.js";
import { markdown } from "./discord-text.js";
import { down, h, keepDown, keyed, redraw, reveal } from "./dom.js";
import { nameOf, pickEmoji } from "./emoji.js";
import { shell, who } from "./side.js";
import { menu, raw, tell } from "./windows.js";
import { call, coalesced, uploads } from "./wire.js";
import { t, time } from "./words.js";

const MARKS = {
  bold: { around: "**" }, italic: { around: "*" }, strike: { around: "~~" }, code: { around: "`" }, block: { around: "```\n", end: "\n```" },
  quote: { before: "> " }, list: { before: "- " },
};
const [TEXT, DM, FORUM] = [0, 1, 15];
const THREADS = [10, 11, 12];
const [LOADING, EPHEMERAL] = [128, 64];
const PINNED = 6; // type of the message that tells of a pin

export function discordSide(root, memory) {
  let me = memory.get("discord.me");
  let at = null;
  let seen = null;
  let editing = null;
  let read = null; // channel → the newest id that this person has seen; what there was when they came counts as seen
  const act = (verb, args = {}) => call("discord", verb, { user: me, ...args });
  const frame = shell(root, { name: "Discord", whoChanged: (user) => become(user) });
  const main = h("div", { class: "main" });
  frame.content.append(main);
  const nameOfMember = (member) => member.nick ?? member.user.global_name ?? member.user.username;
  const names = {
    user: (id) => (seen.members[id] ? nameOfMember(seen.members[id]) : id),
    role: (id) => seen.roles[id]?.name ?? id,
    channel: (id) => seen.channels.find((channel) => channel.id === id)?.name ?? id,
  };
  const people = () => Object.entries(seen.members).filter(([, member]) => !member.user.bot);
  const lists = {
    members: () => people().map(([id, member]) => ({ value: id, label: nameOfMember(member) })),
    roles: () => Object.values(seen.roles).filter((role) => role.name !== "@everyone").map((role) => ({ value: role.id, label: `@${role.name}` })),
    channels: () => seen.channels.filter((channel) => channel.type === TEXT).map((channel) => ({ value: channel.id, label: `#${channel.name}` })),
  };
  const view = viewer({
    host: root, names, ...lists,
    submit: async (values) => { const answer = await act("submit", { values }); await refresh(); return answer; },
    dismiss: async () => { await act("close_modal"); await refresh(); },
  });
  const wrong = (answer) => {
    if (answer?.ok === false) tell(answer.error ?? Object.values(answer.client_errors ?? {}).join(" "));
    return answer;
  };

  const refresh = coalesced(async () => {
    if (!me) {
      const state = await call("discord", "state");
      if (!state.members) return;
      me = Object.keys(state.members).find((id) => !state.members[id].user.bot);
    }
    const found = await act("view");
    frame.away(!found.channels);
    if (found.code === 10007) { me = null; return; }
    if (!found.channels) return;
    const before = seen?.commands.length;
    const whisper = seen && latest(found) !== latest(seen) ? latest(found) : null;
    seen = found;
    if (!seen.channels.some((channel) => channel.id === at)) at = seen.channels.find((channel) => channel.type === TEXT)?.id;
    draw();
    if (before !== seen.commands.length) main.querySelector(".compose textarea")?.dispatchEvent(new Event("refresh"));
    if (whisper) reveal(main, whisper);
  });
  const latest = (view) => view.ephemeral.at(-1)?.id;

  function become(user) {
    me = user;
    memory.set("discord.me", user);
    read = null;
    at = null;
    editing = null;
    return refresh();
  }

  function go(channel) {
    at = channel;
    editing = null;
    frame.closeMenu();
    draw();
  }

  const channelNow = () => seen.channels.find((channel) => channel.id === at);
  const threadsOf = (id) => seen.channels.filter((channel) => THREADS.includes(channel.type) && channel.parent_id === id);
  const newest = (channel) => channel.messages.at(-1)?.id ?? "";
  const later = (one, other) => one.length - other.length || Number(one > other) - Number(one < other);
  const localized = (text, all) => all?.[seen.members[me].locale] ?? text;
  const title = (channel) => (channel.type === DM ? names.user(seen.bot) : channel.name);

  function draw() {
    read ??= new Map(seen.channels.map((channel) => [channel.id, newest(channel)]));
    frame.people(people().map(([id, member]) => ({ id, name: nameOfMember(member), role: role(member), language: member.locale })), me);
    sidebar();
    mainPart();
    view(seen.modal);
    const channel = channelNow();
    if (channel) read.set(channel.id, newest(channel));
  }

  const role = (member) => member.roles.map(names.role).join(", ") || t("client");

  function sidebar() {
    const entry = (channel, icon) => {
      const unread = later(newest(channel), read.get(channel.id) ?? "") > 0 && channel.id !== at;
      return h("button", {
        type: "button", class: `channel ${THREADS.includes(channel.type) ? "of-channel" : ""} ${unread ? "unread" : ""}`, "aria-current": channel.id === at ? "page" : null,
        data: { focus: channel.id }, on: { click: () => go(channel.id) },
      }, h("span", { class: "hash", "aria-hidden": "true" }, icon), h("span", { class: "name" }, title(channel)), channel.thread_metadata?.archived ? h("span", { class: "hash" }, "🗄") : null, unread ? h("span", { class: "dot" }, t("new")) : null);
    };
    const icon = (channel) => ({ [FORUM]: "🗨", [DM]: "@" })[channel.type] ?? (channel.permission_overwrites?.length ? "🔒" : "#");
    const shown = seen.channels.map((channel) => [channel.id, channel.name, newest(channel), channel.thread_metadata?.archived]);
    redraw(frame.sidebar, [shown, at, me, document.documentElement.lang, [...read]], () => [
      h("h2", {}, seen.guild.name),
      h("h3", {}, t("channels")),
      seen.channels.filter((channel) => [TEXT, FORUM].includes(channel.type)).map((channel) => [entry(channel, icon(channel)), threadsOf(channel.id).map((thread) => entry(thread, thread.type === 12 ? "🔒" : "↳"))]),
      h("h3", {}, t("dm")),
      seen.channels.filter((channel) => channel.type === DM).map((channel) => entry(channel, "@")),
    ]);
  }

  function mainPart() {
    const channel = channelNow();
    if (!channel) { main.replaceChildren(); main.signed = null; return; }
    const fresh = redraw(main, [at, me, channel.writable, channel.name, document.documentElement.lang], () => mainFrame(channel));
    if (fresh) frame.titled(title(channel));
    const list = main.querySelector(".messages");
    if (channel.type === FORUM) {
      redraw(list, threadsOf(channel.id).map((thread) => [thread.id, thread.name, thread.message_count]), () => forum(channel));
      return;
    }
    const starter = THREADS.includes(channel.type) ? seen.channels.find((parent) => parent.id === channel.parent_id)?.messages.find((message) => message.id === channel.id) : null;
    const whispers = seen.ephemeral.filter((message) => message.channel_id === channel.id || answers(message, channel.id));
    const all = [...channel.messages, ...whispers].toSorted((a, b) => later(a.id, b.id));
    messages(list, starter && !channel.messages.some((message) => message.id === starter.id) ? [starter, ...all] : all, channel);
  }

  function mainFrame(channel) {
    const parent = seen.channels.find((one) => one.id === channel.parent_id);
    const head = h("header", { class: "channel-head" },
      parent ? h("button", { type: "button", class: "crumb", on: { click: () => go(parent.id) } }, `# ${parent.name}`) : null, parent ? h("span", { class: "hash" }, "›") : null,
      h("h2", {}, `${{ [DM]: "@", [TEXT]: "# " }[channel.type] ?? ""}${title(channel)}`));
    return [head, keepDown(h("div", { class: "messages", role: channel.type === FORUM ? "list" : "log", "aria-label": title(channel), tabindex: "0" })),
      channel.type === FORUM ? null : channel.writable ? compose(channel) : h("p", { class: "locked" }, t("locked"))];
  }

  const forum = (channel) => threadsOf(channel.id).toReversed().map((thread) => h("button", {
    type: "button", class: "post", data: { focus: thread.id }, on: { click: () => go(thread.id) },
  }, h("b", {}, thread.name), h("small", {}, `💬 ${thread.message_count}`)));

  function messages(list, all, channel) {
    const entries = all.length ? all : [{ id: "none", nothing: true }];
    let before = null;
    const grouped = entries.map((message) => {
      const joined = before && !message.nothing && before.author?.id === message.author.id && !message.interaction_metadata
        && Date.parse(message.timestamp) - Date.parse(before.timestamp) < 420_000 && !((message.flags ^ before.flags) & EPHEMERAL);
      before = message;
      return { message, joined: Boolean(joined) };
    });
    keyed(list, grouped, ({ message }) => message.id, ({ message, joined }) => [message, joined, editing === message.id, document.documentElement.lang, me, threadAt(message)?.name], ({ message, joined }) =>
      message.nothing ? h("p", { class: "empty" }, t("empty")) : article(message, channel, joined));
    down(list);
  }

  // Whether it answers a press on that message, or on another answer to it: a thread shows the message it began with, and
  // whoever pressed there looks for the answer there.
  function answers(whisper, id) {
    let at = whisper;
    while (at?.message_reference && at.message_reference.message_id !== id) at = seen.ephemeral.find((one) => one.id === at.message_reference.message_id);
    return Boolean(at?.message_reference);
  }

  const threadAt = (message) => seen.channels.find((channel) => channel.id === message.id && channel.id !== at);

  function article(message, channel, joined) {
    const { author } = message;
    const whisper = Boolean(message.flags & EPHEMERAL);
    const mine = author.id === me;
    const when = Date.parse(message.timestamp);
    const edited = message.edited_timestamp ? h("small", { class: "edited" }, t("edited")) : null;
    const body = editing === message.id ? editor(message) : parts(message, edited);
    const thread = threadAt(message);
    return h("article", { class: `message ${whisper ? "ephemeral" : ""} ${joined ? "joined" : ""}`, tabindex: "0", "aria-label": `${names.user(author.id)} ${time(when)}`, data: { ts: message.id } },
      joined ? h("span", { class: "gutter", "aria-hidden": "true" }, time(when)) : who(author.id, names.user(author.id), author.bot),
      h("div", { class: "message-body" },
        joined ? null : h("p", { class: "byline" }, h("b", {}, names.user(author.id)), author.bot ? h("span", { class: "badge" }, "✓ APP") : null, h("time", {}, time(when))),
        body,
        message.reactions?.length ? h("div", { class: "reactions" }, message.reactions.map((one) => reaction(one, message, channel))) : null,
        thread ? h("button", { type: "button", class: "thread-chip", data: { focus: `thread-${thread.id}` }, on: { click: () => go(thread.id) } }, h("b", {}, thread.name), ` ${thread.message_count} ›`) : null,
        message.pinned ? h("p", { class: "only-you" }, "📌 ", t("pinned")) : null,
        whisper ? h("p", { class: "only-you" }, "👁 ", t("only_you")) : null),
      tools(message, channel, mine, whisper));
  }

  function parts(message, edited) {
    if (message.type === PINNED) return h("p", { class: "only-you" }, "📌 ", t("pinned.notice", { name: names.user(message.author.id) }));
    if (message.flags & LOADING) return h("p", { class: "thinking" }, t("typing", { bot: names.user(seen.bot) }));
    const failed = h("p", { class: "failed", role: "alert", hidden: true });
    const press = async (component, values) => {
      const answer = await act("press", { channel: message.channel_id, message: message.id, custom_id: component.custom_id, ...(values ? { values } : {}) });
      failed.hidden = answer.ok !== false;
      failed.textContent = answer.ok === false ? answer.error ?? t("failed") : "";
      await refresh();
    };
    return [
      message.content ? h("div", { class: "text" }, markdown(message.content, names), edited) : null,
      attachments(message.attachments.filter((file) => !message.embeds.some((one) => one.image?.url === `attachment://${file.filename}`))),
      message.embeds.map((one) => embed(one, message, names)),
      h("div", { class: "components" }, components(message.components, { names, message, press, ...lists })), failed,
    ];
  }

  function reaction(one, message, channel) {
    const users = one.users ?? [];
    const mine = users.includes(me) || (one.me && seen.bot === me);
    return h("button", {
      type: "button", class: mine ? "mine" : "", "aria-label": t("reaction.by", { emoji: nameOf(one.emoji.name) || one.emoji.name, names: users.map(names.user).join(", ") || one.count }),
      on: { click: async () => wrong(await act(mine ? "unreact" : "react", { channel: channel.id, message: message.id, emoji: one.emoji.name })) },
    }, one.emoji.name, " ", String(one.count));
  }

  function editor(message) {
    const area = h("textarea", { rows: "3", value: message.content, "aria-label": t("edit") });
    const stop = () => { editing = null; draw(); };
    const save = async () => {
      if (area.value.trim()) wrong(await act("edit", { channel: message.channel_id, message: message.id, content: area.value }));
      editing = null;
      refresh();
    };
    area.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { event.stopPropagation(); stop(); }
      if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); save(); }
    });
    requestAnimationFrame(() => area.focus());
    return h("div", { class: "editor" }, area, h("button", { type: "button", class: "button secondary", on: { click: stop } }, t("cancel")), h("button", { type: "button", class: "button primary", on: { click: save } }, t("save")));
  }

  function tools(message, channel, mine, whisper) {
    const button = (label, text, click) => h("button", { type: "button", title: label, "aria-label": label, on: { click } }, text);
    const rawButton = button(t("raw"), "{ }", () => raw("Discord", message));
    const where = { channel: message.channel_id, message: message.id };
    if (whisper) {
      return h("div", { class: "message-tools" }, rawButton, button(t("dismiss"), "✕", async () => { await act("dismiss", { message: message.id }); await refresh(); }));
    }
    const react = button(t("react"), "☺", () => pickEmoji(react, async (_, character) => wrong(await act("react", { ...where, emoji: character }))));
    const more = button(t("more"), "⋮", () => menu(more, [
      ...seen.commands.filter((one) => one.type === 3).map((one) => ({ label: localized(one.name, one.name_localizations), note: names.user(seen.bot), act: async () => { wrong(await act("shortcut", { name: one.name, ...where })); await refresh(); } })),
      ...(mine ? [{ label: t("edit"), act: () => { editing = message.id; draw(); } }, { label: t("delete"), danger: true, act: async () => wrong(await act("delete", where)) }] : []),
      { label: t("raw"), act: () => raw("Discord", message) },
    ], t("more")));
    return h("div", { class: "message-tools" }, react, rawButton, more);
  }

  function compose(channel) {
    // The commands of a server are not there in direct messages.
    const commands = () => seen.commands.filter((one) => channel.type !== DM || !one.guild_id);
    const where = `${{ [DM]: "@", [TEXT]: "#" }[channel.type] ?? ""}${title(channel)}`;
    return composer({
      key: ["discord", me, channel.id].join(),
      label: t("compose", { where }), placeholder: t("compose", { where }), marks: MARKS,
      emojiText: (_, character) => character,
      suggest: (trigger, query) => (trigger === "/"
        ? commands().filter((one) => (one.type ?? 1) === 1 && one.name.startsWith(query)).map((one) => ({ label: `/${one.name}`, note: localized(one.description, one.description_localizations), insert: `/${one.name}` }))
        : Object.values(seen.members).filter((one) => nameOfMember(one).toLowerCase().includes(query.toLowerCase())).map((one) => ({ label: `@${nameOfMember(one)}`, note: one.user.username, insert: `@${one.user.username}` }))),
      complete: (text) => completions(text, commands(), (name, option, typed) => act("suggest", { name, channel: channel.id, option, typed })),
      send: async (text, given) => {
        const asked = command(text, commands());
        const answer = asked
          ? await act("command", { channel: channel.id, ...asked })
          : await act("say", { channel: channel.id, content: mentioned(text), files: await uploads(given) });
        await refresh();
        if (answer.ok === false) return answer.error ?? Object.entries(answer.client_errors ?? {}).map((one) => one.join(": ")).join(" ");
        return "";
      },
    }).element;
  }

  const mentioned = (text) => text.replace(/(^|\s)@([\w.-]+)/g, (whole, before, name) => {
    const member = Object.entries(seen.members).find(([, one]) => one.user.username.toLowerCase() === name.toLowerCase());
    return member ? `${before}<@${member[0]}>` : whole;
  });

  return {
    refresh, become, redraw: () => seen && draw(),
    show: async (person, channel) => {
      if (person && person !== me) await become(person);
      else await refresh();
      if (channel && seen) go(channel);
    },
  };
}
