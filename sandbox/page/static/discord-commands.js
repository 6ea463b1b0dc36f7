// A slash command as it is typed: its name, its options by name (`priority:urgent`), and what is offered meanwhile.

const [STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, NUMBER] = [3, 4, 5, 6, 7, 8, 10];

// {name, options} of a typed line; undefined where it is no command. Words before any name go to the first text option.
export function command(text, commands) {
  const typed = /^\/([\w-]+)(?:\s+([\s\S]*))?$/.exec(text.trim());
  const known = typed && commands.find((one) => one.name === typed[1] && (one.type ?? 1) === 1);
  if (!known) return undefined;
  const options = {};
  for (const [name, value] of given(typed[2] ?? "", known.options ?? [])) {
    const option = known.options.find((one) => one.name === name);
    options[name] = option.type === INTEGER || option.type === NUMBER ? Number(value) : option.type === BOOLEAN ? /^(true|yes|oui|1)$/i.test(value)
      : [USER, CHANNEL, ROLE].includes(option.type) ? value.replace(/\D/g, "") || value : value;
  }
  return { name: typed[1], options };
}

function given(words, options) {
  const found = [];
  const names = options.map((option) => option.name);
  const pattern = names.length ? new RegExp(`(?:^|\\s)(${names.map((name) => name.replace(/[^\w]/g, "\\$&")).join("|")}):`, "g") : null;
  const marks = pattern ? [...words.matchAll(pattern)] : [];
  const first = words.slice(0, marks[0]?.index ?? words.length).trim();
  const free = options.find((option) => option.type === STRING || option.type === INTEGER);
  if (first && free) found.push([free.name, first]);
  marks.forEach((mark, number) => {
    const value = words.slice(mark.index + mark[0].length, marks[number + 1]?.index ?? words.length).trim();
    if (value) found.push([mark[1], value]);
  });
  return found;
}

// What may follow: the option's own choices, those that the bot offers, and the options not yet named.
export async function completions(text, commands, ask) {
  const asked = command(text, commands);
  const known = asked && commands.find((one) => one.name === asked.name && (one.type ?? 1) === 1);
  if (!known?.options?.length) return [];
  const last = [...text.matchAll(/(?:^|\s)([\w-]+):/g)].at(-1)?.[1];
  const option = known.options.find((one) => one.name === last) ?? (Object.keys(asked.options).length === 1 ? known.options.find((one) => one.name in asked.options) : null);
  const offered = [];
  const before = last && option?.name === last ? text.slice(0, text.lastIndexOf(`${last}:`)) : `/${asked.name} `;
  if (option?.choices) {
    const query = String(asked.options[option.name] ?? "").toLowerCase();
    offered.push(...option.choices.filter((one) => one.name.toLowerCase().includes(query)).map((one) => ({ label: one.name, insert: `${before}${option.name}:${one.value}`, choice: true })));
  } else if (option?.autocomplete) {
    const answer = await ask(asked.name, option.name, String(asked.options[option.name] ?? ""));
    offered.push(...(answer.choices ?? answer.answer?.choices ?? []).map((one) => ({ label: one.name, insert: `${before}${option.name}:${one.value}`, choice: true })));
  }
  if (/\s$/.test(text)) {
    offered.push(...known.options.filter((one) => !(one.name in asked.options)).map((one) => ({ label: `${one.name}:`, note: one.description, insert: `${text}${one.name}:`, choice: true })));
  }
  return offered;
}
