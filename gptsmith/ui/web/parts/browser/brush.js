// The picture below, the painted mask half transparent above it; what goes out is the mask alone, white on black.
export default function ({ data, parentElement, setTriggerValue }) {
  const find = (name) => parentElement.querySelector(`.${name}`);
  const canvas = find("picture");
  if (canvas.dataset.picture === data.picture.slice(-64)) return;
  canvas.dataset.picture = data.picture.slice(-64);

  const pen = canvas.getContext("2d");
  const mask = document.createElement("canvas");
  const ink = mask.getContext("2d");
  const image = new Image();
  let erasing = false;
  let last = null;
  let zoom = 1;

  const show = () => {
    pen.drawImage(image, 0, 0);
    pen.save();
    pen.globalAlpha = 0.55;
    pen.drawImage(mask, 0, 0);
    pen.restore();
  };
  const painted = () => ink.getImageData(0, 0, mask.width, mask.height).data.some((value, i) => i % 4 === 3 && value > 127);
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
  };
  const stroke = (event) => {
    const [x, y] = place(event);
    const box = canvas.getBoundingClientRect();
    ink.globalCompositeOperation = erasing ? "destination-out" : "source-over";
    ink.strokeStyle = "#fff";
    ink.lineCap = "round";
    ink.lineWidth = (Number(find("size").value) * canvas.width) / box.width;
    ink.beginPath();
    ink.moveTo(...(last || [x, y]));
    ink.lineTo(x, y);
    ink.stroke();
    last = [x, y];
    show();
  };
  const ready = () => { find("go").disabled = !painted(); };

  image.onload = () => {
    canvas.width = mask.width = image.naturalWidth;
    canvas.height = mask.height = image.naturalHeight;
    scale(1);
    show();
  };
  image.src = data.picture;

  canvas.onpointerdown = (event) => { canvas.setPointerCapture(event.pointerId); last = null; stroke(event); };
  canvas.onpointermove = (event) => { if (event.buttons) stroke(event); };
  canvas.onpointerup = () => { last = null; ready(); };
  find("eraser").onclick = (event) => {
    erasing = !erasing;
    event.currentTarget.setAttribute("aria-pressed", String(erasing));
  };
  find("clear").onclick = () => { ink.clearRect(0, 0, mask.width, mask.height); show(); ready(); };
  const scale = (factor) => {
    zoom = Math.min(4, Math.max(1, zoom * factor));
    const whole = Math.min(find("frame").clientWidth, (window.innerHeight * 0.6 * canvas.width) / canvas.height);
    canvas.style.width = `${Math.round(zoom * whole)}px`;
  };
  find("in").onclick = () => scale(1.5);
  find("out").onclick = () => scale(1 / 1.5);
  find("ask").onsubmit = (event) => {
    event.preventDefault();
    if (find("go").disabled) return;
    const out = document.createElement("canvas");
    out.width = mask.width;
    out.height = mask.height;
    const paper = out.getContext("2d");
    paper.fillStyle = "#000";
    paper.fillRect(0, 0, out.width, out.height);
    paper.drawImage(mask, 0, 0);
    setTriggerValue("painted", { mask: out.toDataURL("image/png"), words: find("words").value });
  };
}
