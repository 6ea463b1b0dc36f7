// The page: both sides, the stage above them, and whatever changes drawn as it comes.

import { discordSide } from "./discord.js";
import { learn } from "./emoji.js";
import { slackSide } from "./slack.js";
import { stage } from "./stage.js";
import { speak } from "./words.js";
import { watch } from "./wire.js";

const kept = new URLSearchParams(location.search);
export const memory = {
  get: (key) => kept.get(key) ?? sessionStorage.getItem(`helpthread.${key}`),
  set: (key, value) => { kept.delete(key); sessionStorage.setItem(`helpthread.${key}`, value); },
};

const setup = await (await fetch("/setup.json")).json();
speak(memory.get("language") ?? (setup.language || navigator.language.slice(0, 2)));
await learn();

const sides = {
  slack: slackSide(document.getElementById("slack"), memory),
  discord: discordSide(document.getElementById("discord"), memory),
};
const above = stage(document.getElementById("stage"), { sides, setup, memory });

watch(({ side, changes }) => {
  if (side === "stage") above.refresh(changes);
  else sides[side].refresh();
});
await Promise.all([sides.slack.refresh(), sides.discord.refresh(), above.refresh([])]);
document.documentElement.dataset.ready = "yes";
