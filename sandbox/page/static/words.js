// The page's own words, in English and French. What the bot says is the bot's.

const WORDS = {
  en: {
    "title": "Helpthread · try it", "close": "Close", "cancel": "Cancel", "save": "Save", "send": "Send", "edited": "(edited)",
    "you": "You are", "client": "client", "agents": "agents", "theme": "Theme", "theme.light": "Light", "theme.dark": "Dark", "theme.auto": "As the system",
    "language": "Language", "skip": "Skip to", "channels": "Channels", "apps": "Apps", "home": "Home", "messages": "Messages",
    "thread": "Thread", "threads": "Threads", "reply": "Reply in thread", "replies.one": "{n} reply", "replies.other": "{n} replies", "back": "Back",
    "react": "Add reaction", "edit": "Edit message", "delete": "Delete message", "more": "More actions", "raw": "Show the JSON that was sent",
    "raw.what": "This is what the bot or a person sent over the network’s own API, untouched.", "raw.copy": "Copy", "raw.copied": "Copied",
    "only_you": "Only visible to you", "dismiss": "Dismiss message", "compose": "Message {where}", "compose.thread": "Reply in {where}",
    "format.bold": "Bold", "format.italic": "Italic", "format.strike": "Strikethrough", "format.code": "Code", "format.block": "Code block",
    "format.quote": "Quote", "format.list": "Bulleted list", "emoji.pick": "Pick an emoji", "emoji.search": "Search emoji",
    "attach": "Attach files", "drop": "Drop files here", "files": "Choose files", "files.or": "or drop them here", "file.remove": "Remove {name}",
    "suggestions": "Suggestions", "empty": "Nothing has been said here yet.", "pick_thread": "Pick a thread.",
    "menu": "Channels and threads", "locked": "You cannot write here.", "select": "Select an option", "none": "No choice", "search": "Type to search",
    "pinned": "Pinned", "pinned.by": "Pinned by {name}", "pinned.notice": "{name} pinned a message to this channel.",
    "typing": "{bot} is thinking…", "no_answer": "The application did not respond", "failed": "This interaction failed", "required": "required",
    "optional": "optional", "home.empty": "The bot has not filled this home yet.", "home.is": "App Home", "reaction.by": "{emoji}: {names}",
    "play": "Play the scene", "play.next": "Next step", "play.all": "Play the rest", "play.again": "Start over", "play.playing": "The step is being played …",
    "play.done": "Every step happened. The desk is yours.", "play.missed": "This step did not happen: {what}",
    "play.start": "A salesman back from leave cannot reach the intranet. Play the story step by step, or try everything yourself: pick who you are and type /ticket.",
    "play.step": "Step {n}", "desk": "The desk", "desk.up": "running", "desk.down": "killed", "desk.busy": "on its way …", "desk.kill": "Kill it", "desk.start": "Start it", "desk.terminated": "End it politely",
    "faults": "Faults", "faults.title": "Make the networks misbehave", "faults.what": "Nothing may be lost, whatever you switch on. Write on one side and watch the other.",
    "faults.rate_limited": "Refuse every third call (429)", "faults.server_error": "Server errors (503) on every third call", "faults.lost_answer": "Do it, but lose every third answer",
    "faults.duplicate": "Deliver every event twice", "faults.withheld": "Lose the next three deliveries, then try again", "faults.slow": "Answer slowly",
    "faults.disconnect": "Cut the connection now", "faults.struck": "{n}×", "faults.none": "No faults", "faults.clear": "Switch all off", "faults.on": "{n} on",
    "proof": "Prove that nothing is lost", "proof.running": "{n} numbered messages are on their way, in both directions …", "proof.ok": "All {n} arrived, each once, in order.",
    "proof.bad": "Not so: {what}", "proof.needs": "Play the scene to its third step first, or open a ticket as Marc.",
    "offline": "This network’s stand-in is away. The page goes on when it is back.", "confirm": "Confirm", "view.errors": "Please look at the marked fields.",
    "options": "Options of {name}", "day": "Today", "forum": "Posts", "dm": "Direct messages", "attachments": "Files", "new": "new", "chosen": "{n} chosen", "drive": "Drive",
    "drive.title": "The sandbox’s Google Drive", "drive.empty": "Nothing is kept here yet.", "shortcuts": "Shortcuts", "apps.actions": "Apps",
  },
  fr: {
    "title": "Helpthread · à l’essai", "close": "Fermer", "cancel": "Annuler", "save": "Enregistrer", "send": "Envoyer", "edited": "(modifié)",
    "you": "Vous êtes", "client": "client", "agents": "agents", "theme": "Thème", "theme.light": "Clair", "theme.dark": "Sombre", "theme.auto": "Comme le système",
    "language": "Langue", "skip": "Aller à", "channels": "Canaux", "apps": "Applications", "home": "Accueil", "messages": "Messages",
    "thread": "Fil", "threads": "Fils", "reply": "Répondre dans le fil", "replies.one": "{n} réponse", "replies.other": "{n} réponses", "back": "Retour",
    "react": "Ajouter une réaction", "edit": "Modifier le message", "delete": "Supprimer le message", "more": "Plus d’actions", "raw": "Voir le JSON envoyé",
    "raw.what": "Voici ce que le bot ou une personne a envoyé par l’API du réseau, tel quel.", "raw.copy": "Copier", "raw.copied": "Copié",
    "only_you": "Visible par vous seulement", "dismiss": "Masquer le message", "compose": "Écrire dans {where}", "compose.thread": "Répondre dans {where}",
    "format.bold": "Gras", "format.italic": "Italique", "format.strike": "Barré", "format.code": "Code", "format.block": "Bloc de code",
    "format.quote": "Citation", "format.list": "Liste à puces", "emoji.pick": "Choisir un emoji", "emoji.search": "Chercher un emoji",
    "attach": "Joindre des fichiers", "drop": "Déposez les fichiers ici", "files": "Choisir des fichiers", "files.or": "ou déposez-les ici", "file.remove": "Retirer {name}",
    "suggestions": "Suggestions", "empty": "Rien n’a encore été dit ici.", "pick_thread": "Choisissez un fil.",
    "menu": "Canaux et fils", "locked": "Vous ne pouvez pas écrire ici.", "select": "Choisir une option", "none": "Aucun choix", "search": "Tapez pour chercher",
    "pinned": "Épinglé", "pinned.by": "Épinglé par {name}", "pinned.notice": "{name} a épinglé un message dans ce salon.",
    "typing": "{bot} réfléchit…", "no_answer": "L’application n’a pas répondu", "failed": "Cette interaction a échoué", "required": "obligatoire",
    "optional": "facultatif", "home.empty": "Le bot n’a pas encore rempli cet accueil.", "home.is": "Accueil de l’application", "reaction.by": "{emoji} : {names}",
    "play": "Jouer la scène", "play.next": "Étape suivante", "play.all": "Jouer la suite", "play.again": "Recommencer", "play.playing": "L’étape se joue …",
    "play.done": "Chaque étape a eu lieu. Le support est à vous.", "play.missed": "Cette étape n’a pas eu lieu : {what}",
    "play.start": "Un commercial de retour de congé n’a plus accès à l’intranet. Jouez l’histoire pas à pas, ou essayez tout : choisissez qui vous êtes et tapez /ticket.",
    "play.step": "Étape {n}", "desk": "Le support", "desk.up": "en marche", "desk.down": "tué", "desk.busy": "en chemin …", "desk.kill": "Le tuer", "desk.start": "Le démarrer", "desk.terminated": "L’arrêter poliment",
    "faults": "Pannes", "faults.title": "Faire mal fonctionner les réseaux", "faults.what": "Rien ne doit se perdre, quoi que vous allumiez. Écrivez d’un côté, regardez l’autre.",
    "faults.rate_limited": "Refuser un appel sur trois (429)", "faults.server_error": "Erreur du serveur (503) un appel sur trois", "faults.lost_answer": "Faire, mais perdre une réponse sur trois",
    "faults.duplicate": "Livrer chaque événement deux fois", "faults.withheld": "Perdre les trois prochaines livraisons, puis réessayer", "faults.slow": "Répondre lentement",
    "faults.disconnect": "Couper la connexion", "faults.struck": "{n}×", "faults.none": "Aucune panne", "faults.clear": "Tout éteindre", "faults.on": "{n} en cours",
    "proof": "Prouver que rien ne se perd", "proof.running": "{n} messages numérotés sont en route, dans les deux sens …", "proof.ok": "Les {n} sont arrivés, une fois chacun, dans l’ordre.",
    "proof.bad": "Ce n’est pas le cas : {what}", "proof.needs": "Jouez d’abord la scène jusqu’à la troisième étape, ou ouvrez un ticket en tant que Marc.",
    "offline": "La doublure de ce réseau est absente. La page reprend à son retour.", "confirm": "Confirmer", "view.errors": "Regardez les champs marqués.",
    "options": "Options de {name}", "day": "Aujourd’hui", "forum": "Publications", "dm": "Messages privés", "attachments": "Fichiers", "new": "nouveau", "chosen": "{n} choisis", "drive": "Drive",
    "drive.title": "Le Google Drive de l’essai", "drive.empty": "Rien n’est encore gardé ici.", "shortcuts": "Raccourcis", "apps.actions": "Applications",
  },
};

let language = "en";
export const languages = Object.keys(WORDS);
export const spoken = () => language;

export function speak(wanted) {
  language = wanted in WORDS ? wanted : "en";
  document.documentElement.lang = language;
  document.title = t("title");
}

export function t(key, facts = {}) {
  const text = WORDS[language][key] ?? WORDS.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");
}

export const count = (key, n) => t(`${key}.${(language === "fr" ? n < 2 : n === 1) ? "one" : "other"}`, { n });

export const time = (milliseconds) => new Date(milliseconds).toLocaleTimeString(language, { hour: "numeric", minute: "2-digit" });

export function size(bytes) {
  const units = language === "fr" ? ["o", "ko", "Mo", "Go"] : ["B", "kB", "MB", "GB"];
  let unit = 0;
  while (bytes >= 1000 && unit < 3) { bytes /= 1000; unit += 1; }
  return `${bytes.toLocaleString(language, { maximumFractionDigits: unit ? 1 : 0 })} ${units[unit]}`;
}
