// Copies the text; says so for two seconds. Where the clipboard is closed (a page that is not local) a selection does it.
export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button");
  const label = button.querySelector("span");
  const bySelection = () => {
    const area = document.createElement("textarea");
    area.value = data.text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done ? Promise.resolve() : Promise.reject();
  };
  const say = (word) => {
    label.textContent = word;
    setTimeout(() => { label.textContent = "Copy"; }, 2000);
  };
  button.onclick = () => {
    const written = navigator.clipboard ? navigator.clipboard.writeText(data.text).catch(bySelection) : bySelection();
    written.then(() => say("Copied"), () => say("Not copied"));
  };
}
