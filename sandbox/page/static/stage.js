// Above both sides: the scene, the desk's process, the networks' faults, theme and language.

import { h, redraw } from "./dom.js";
import { popup, tell } from "./windows.js";
import { call, coalesced } from "./wire.js";
import { languages, size, spoken, t } from "./words.js";

// What strikes calls strikes those by which messages are posted and changed.
const CALLS = { slack: "chat.*", discord: "* /channels/*" };
const FAULTS = {
  rate_limited: { chance: 0.34, retry_after: 1 }, server_error: { chance: 0.34 }, lost_answer: { chance: 0.34 },
  slow: { delay: 2 }, duplicate: { match: "event:*" }, withheld: { match: "event:[mM][eE]*", times: 3 },
};

export function stage(root, { sides, setup, memory }) {
  let state = { scene: { steps: [], playing: false, done: false }, desk: "up", proof: null };
  let faults = { slack: { rules: [], happened: {} }, discord: { rules: [], happened: {} } };
  let told = memory.get("slack.me") ? Infinity : 0; // whoever was somebody before the page was loaded stays so
  const caption = h("div", { class: "caption", role: "status", "aria-live": "polite" });
  const controls = h("div", { class: "controls" });
  const small = h("div", { class: "controls" });
  root.append(h("h1", {}, h("span", { class: "mark", "aria-hidden": "true" }), "Helpthread"), controls, small, caption);
  const tabs = h("div", { class: "tabs", role: "tablist" });
  root.after(tabs);
  const theme = () => memory.get("theme") ?? "auto";

  const refresh = coalesced(async () => {
    if (setup.stage) {
      const found = await call("stage", "state");
      if (found.scene) state = found;
    }
    for (const network of ["slack", "discord"]) {
      const found = await call(network, "faults");
      if (found.rules) faults[network] = found;
    }
    draw();
    const { steps } = state.scene;
    if (told === Infinity) told = steps.length;
    if (steps.length < told) told = 0;
    if (steps.length > told) {
      told = steps.length;
      await follow(steps.at(-1));
    }
  });

  async function follow(step) {
    for (const shown of step.shown) await sides[shown.network].show(shown.person, shown.channel, shown.root);
  }

  const button = (label, click, { kind = "", disabled = false, focus = label, pressed } = {}) => h("button", {
    type: "button", class: kind, disabled, data: { focus }, "aria-pressed": pressed === undefined ? null : String(pressed), on: { click },
  }, label);

  function draw() {
    document.documentElement.dataset.theme = theme();
    const { scene, desk } = state;
    const on = [...faults.slack.rules, ...faults.discord.rules].filter((rule) => rule.times !== 0).length;
    redraw(controls, [state, spoken(), setup.stage], () => (setup.stage ? [sceneButtons(scene), deskButtons(desk)] : []));
    redraw(small, [on, spoken(), theme()], () => [
      button(on ? `⚡ ${t("faults")}: ${t("faults.on", { n: on })}` : `⚡ ${t("faults")}`, (event) => openFaults(event.currentTarget), { kind: on ? "warn" : "", focus: "faults" }),
      setup.drive ? button(`🗄 ${t("drive")}`, (event) => openDrive(event.currentTarget), { focus: "drive" }) : null,
      h("label", {}, h("span", { class: "hidden" }, t("language")), h("select", { data: { focus: "language" }, on: { change: (event) => { memory.set("language", event.currentTarget.value); location.reload(); } } },
        languages.map((one) => h("option", { value: one, selected: one === spoken() }, one.toUpperCase())))),
      h("label", {}, h("span", { class: "hidden" }, t("theme")), h("select", { data: { focus: "theme" }, on: { change: (event) => { memory.set("theme", event.currentTarget.value); draw(); } } },
        ["auto", "light", "dark"].map((one) => h("option", { value: one, selected: one === theme() }, t(`theme.${one}`))))),
    ]);
    redraw(caption, [scene, state.proof, spoken(), setup.stage], () => words(scene));
    redraw(tabs, [spoken()], () => ["slack", "discord"].map((name) => h("button", {
      type: "button", role: "tab", "aria-selected": String((document.body.dataset.side ?? "slack") === name), "aria-controls": name, data: { side: name },
      on: { click: () => pick(name) },
    }, name === "slack" ? "Slack" : "Discord")));
  }

  function pick(name) {
    document.body.dataset.side = name;
    for (const one of tabs.children) one.setAttribute("aria-selected", String(one.dataset.side === name));
  }

  function sceneButtons(scene) {
    const play = (verb) => async () => { told = state.scene.steps.length; await act(verb); };
    if (scene.playing) return button(t("play.playing"), () => {}, { kind: "primary", disabled: true, focus: "play" });
    if (scene.done || scene.missed) return button(`↺ ${t("play.again")}`, play("again"), { focus: "play" });
    const begun = scene.steps.length > 0;
    return [
      button(begun ? `▶ ${t("play.next")}` : `▶ ${t("play")}`, play("next"), { kind: "primary", focus: "play" }),
      begun ? button(`⏭ ${t("play.all")}`, play("rest"), { focus: "rest" }) : null,
      begun ? button(`↺ ${t("play.again")}`, play("again"), { focus: "again" }) : null,
    ];
  }

  function deskButtons(desk) {
    return h("span", { class: `desk ${desk}`, role: "group", "aria-label": t("desk") }, h("span", { class: "light", "aria-hidden": "true" }), h("span", {}, `${t("desk")}: ${t(`desk.${desk}`)}`),
      desk === "up" ? button(t("desk.kill"), () => act("kill"), { kind: "danger", focus: "desk" }) : null,
      desk === "down" ? button(t("desk.start"), () => act("start"), { kind: "primary", focus: "desk" }) : null);
  }

  async function act(verb, args = {}) {
    const answer = await call("stage", verb, args);
    if (answer.ok === false) tell(answer.error);
    await refresh();
    return answer;
  }

  function words(scene) {
    const last = scene.steps.at(-1);
    if (state.proof) return h("p", { class: `proof ${state.proof.state}` }, t(`proof.${state.proof.state}`, state.proof));
    if (scene.missed) return h("p", { class: "missed" }, t("play.missed", { what: scene.missed }));
    if (!last) return h("p", {}, setup.stage ? t("play.start") : "");
    return h("p", {}, h("b", {}, `${t("play.step", { n: scene.steps.length })}  `), last.caption[spoken()], scene.done ? h("b", {}, `  ${t("play.done")}`) : null);
  }

  // The files of the stand-in's Drive, looked at again every second while the window is open.
  async function openDrive(anchor) {
    const list = h("ul", { class: "drive-list", tabindex: "0", "aria-label": t("drive.title") });
    popup(anchor, h("div", {}, h("h2", {}, t("drive.title")), list), t("drive.title"));
    while (list.isConnected) {
      const { files = [] } = await call("drive", "files");
      redraw(list, files, () => (files.length ? files.map((file) => h("li", {}, h("span", {}, file.mimeType.endsWith("folder") ? "📁" : "📄", " ", file.title), h("small", {}, file.fileSize ? size(Number(file.fileSize)) : "")))
        : h("li", {}, t("drive.empty"))));
      await new Promise((done) => { setTimeout(done, 1000); });
    }
  }

  function openFaults(anchor) {
    const body = h("div", { class: "fault-list" });
    const isOn = (network, kind) => faults[network].rules.some((rule) => rule.kind === kind && rule.times !== 0);
    // One after the other, however fast somebody clicks: each begins with what there is then.
    let setting = Promise.resolve();
    const set = (network, kind, on) => { setting = setting.then(() => change(network, kind, on)); };
    const change = async (network, kind, on) => {
      faults[network] = await call(network, "faults");
      const others = faults[network].rules.filter((rule) => rule.kind !== kind);
      await call(network, "clear_faults");
      for (const rule of [...others, ...(on ? [{ kind, match: CALLS[network], ...FAULTS[kind] }] : [])]) faults[network] = await call(network, "fault", rule);
      await refresh();
      show();
    };
    const show = () => redraw(body, faults, () => [
      h("p", {}, t("faults.what")),
      h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, ""), h("th", { scope: "col" }, "Slack"), h("th", { scope: "col" }, "Discord"))),
        h("tbody", {}, Object.keys(FAULTS).map((kind) => h("tr", {}, h("th", { scope: "row" }, t(`faults.${kind}`)), ["slack", "discord"].map((network) => h("td", {}, h("label", {},
          h("input", { type: "checkbox", checked: isOn(network, kind), "aria-label": `${network}: ${t(`faults.${kind}`)}`, data: { focus: `${network}-${kind}` }, on: { change: (event) => set(network, kind, event.currentTarget.checked) } }),
          faults[network].happened[kind] ? h("small", {}, t("faults.struck", { n: faults[network].happened[kind] })) : null)))),
        ), h("tr", {}, h("th", { scope: "row" }, t("faults.disconnect")), ["slack", "discord"].map((network) => h("td", {}, button("✂", async () => { await call(network, "disconnect"); tell(t("faults.disconnect")); }, { focus: `cut-${network}` })))))),
      h("footer", {}, button(t("faults.clear"), async () => {
        for (const network of ["slack", "discord"]) faults[network] = await call(network, "clear_faults");
        await refresh();
        show();
      }, { focus: "faults-off" }), setup.stage ? button(`✓ ${t("proof")}`, async () => { await setting; close(); await act("prove"); }, { kind: "primary" }) : null),
    ]);
    show();
    const close = popup(anchor, h("div", {}, h("h2", {}, t("faults.title")), body), t("faults.title"));
    refresh().then(show);
    body.querySelector("input")?.focus();
  }

  draw();
  return { refresh };
}
