"""The runtime of `image_generation`: one call from the request to pictures in the conversation."""

from __future__ import annotations

import asyncio
import base64
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

from langchain_core.tools import BaseTool, StructuredTool
from PIL import Image

from gptsmith.errors import GptsmithError, ToolError
from gptsmith.models.chat.messages import picture_note
from gptsmith.models.pictures.generators import Generator, Settings, Stop, load_generator, read_size
from gptsmith.models.pictures.input_images import like, open_mask, open_picture
from gptsmith.models.pictures.recognizers import Recognizer
from gptsmith.tools.drawing.store import PictureRecord, PictureStore
from gptsmith.tools.drawing.studio import DrawingProgress, Result, Studio, Wish
from gptsmith.tools.drawing.upsampler import Earlier, OwnWords, Upsampler, named_upsampler, upsampler_for
from gptsmith.tools.image_generation import Arguments, CaptionUpsampling, ImageGeneration
from gptsmith.tools.registry import ToolContext

_ABOUT = (
    "Draws a picture from a description and shows it to the person, or changes a picture of this conversation. "
    "Pass the person's own words as the request: a full description is written from them. For a change give the "
    'picture\'s id as image and mode "change", and say in the request only what changes.'
)
_TRIES = 4  # of the embedded model for each picture, when there is something to rank them with
_PATIENCE = 12.0  # seconds after which no further try is begun: `count` and another message bring more
_TELL_SECONDS = 0.5  # between progress events of one picture: each is written down


class Call(Arguments):
    """The arguments, with those that only a surface may add.

    `mask` is the id of a picture of the conversation that marks a part in white, or `last`: the newest one.
    """

    own_words: bool = False
    mask: str | None = None
    strength: float | None = None
    steps: int | None = None
    guidance: float | None = None
    size: str | None = None
    negative: str | None = None


def drawing_tool(spec: ImageGeneration, context: ToolContext) -> BaseTool:
    """Return the tool; a cancelled call stops the drawing before its next step."""
    desk = _Desk(spec, context)

    def draw(**arguments: Any) -> str:
        return desk.draw(_call(arguments, context), Stop())

    async def adraw(**arguments: Any) -> str:
        stop = Stop()
        try:
            async with desk.queue(context.thread()):  # pictures of one message keep their order, and their ids count up
                return await _beside(partial(desk.draw, _call(arguments, context), stop))
        except asyncio.CancelledError:
            stop.set()
            raise

    return StructuredTool.from_function(
        draw, coroutine=adraw, name=spec.name, description=_ABOUT, args_schema=Arguments, infer_schema=False
    )


async def _beside(work: Callable[[], str]) -> str:
    """Run `work` in a thread of its own: the loop's few stay free for other turns, and it never holds the exit up."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[str] = loop.create_future()
    context = copy_context()

    def settle(result: str, error: BaseException | None) -> None:
        if done.done():
            return  # the turn was stopped
        if error is None:
            done.set_result(result)
        else:
            done.set_exception(error)

    def run() -> None:
        result, error = "", None
        try:
            result = context.run(work)
        except BaseException as raised:  # noqa: BLE001 - whatever it is, the turn that waits must hear of it
            error = raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name="drawing", daemon=True).start()
    return await done


def _call(arguments: dict[str, Any], context: ToolContext) -> Call:
    return Call(**{**arguments, **context.chosen()})


class _Desk:
    """One tool of one assistant."""

    def __init__(self, spec: ImageGeneration, context: ToolContext) -> None:
        self.spec, self.context = spec, context
        self.store = PictureStore(context.folder)
        self._upsampler: Upsampler | None = None
        self._making = threading.Lock()
        self._queues: WeakValueDictionary[tuple[str, int], asyncio.Lock] = WeakValueDictionary()

    def queue(self, thread: str) -> asyncio.Lock:
        """Return the queue of a conversation's drawings: who asks first is served first."""
        key = (thread, id(asyncio.get_running_loop()))
        lock = self._queues.get(key)
        if lock is None:
            lock = self._queues[key] = asyncio.Lock()
        return lock

    def draw(self, call: Call, stop: Stop) -> str:
        """Draw, save, show; return what the model is told."""
        thread = self.context.thread()
        wish = self._wish(call, thread)
        ranker = self._ranker()
        looker = ranker if self.generator.name == "embedded" else None  # it knows the embedded model's world alone
        studio = Studio(self.generator, upsampler=self.upsampler(), ranker=ranker, looker=looker)
        earlier = [Earlier(r.prompt, r.caption) for r in self.store.history(thread)]
        try:
            result = studio.draw(wish, earlier=earlier, listen=self._teller(stop), stop=stop)
        except GptsmithError as error:
            if error.code != "undrawable":
                raise
            return f"Nothing was drawn: {error}."  # no failure to try again after: this is for the person
        stop.check()
        return self._deliver(thread, result)

    @property
    def generator(self) -> Generator:
        """The model that draws."""
        return load_generator(self.spec.model, base_dir=self.context.base_dir, trust=self.context.trust)

    def upsampler(self) -> Upsampler:
        """Return what writes the captions, made once; one that cannot be made leaves the person's own words."""
        with self._making:
            if self._upsampler is None:
                self._upsampler = self._make_upsampler()
            return self._upsampler

    def _make_upsampler(self) -> Upsampler:
        wanted = self.spec.caption_upsampling
        if wanted is False:
            return OwnWords()
        chosen = wanted if isinstance(wanted, CaptionUpsampling) else CaptionUpsampling()
        settings: dict[str, Any] = {"temperature": chosen.temperature, "top_k": chosen.top_k, "top_p": chosen.top_p}
        if chosen.model is None:
            return upsampler_for(self.context.model, self.spec.model, **settings)
        try:
            return named_upsampler(chosen.model, self.spec.model, **settings)
        except GptsmithError as error:
            return OwnWords(f"no caption could be written ({error.message})")

    def _ranker(self) -> Recognizer | None:
        from gptsmith.errors import NotReadyError
        from gptsmith.models.pictures.recognizers import load_recognizer

        try:
            return load_recognizer("embedded")
        except NotReadyError:
            return None

    # -- what is wished for ----------------------------------------------------------------------------------------

    def _wish(self, call: Call, thread: str) -> Wish:
        spec = self.spec
        id = self._picture_meant(call, thread)
        own = bool(self.context.chosen().get("image"))  # a person may choose a try, a model cannot name one
        image = open_picture(self.store.path(thread, id, tries=own)) if id else None
        parent = self.store.record(thread, id) if id else None
        mask = self._mask(call, thread, id, image) if image is not None and call.mode == "inpaint" else None
        best_of = _TRIES if self.generator.name == "embedded" and self._ranker() else 1
        settings = Settings(
            steps=call.steps or spec.steps,
            guidance=call.guidance if call.guidance is not None else spec.guidance_scale,
            size=_size(call.size or spec.size, image),
            sampler=spec.sampler,
            negative=call.negative if call.negative is not None else spec.negative_prompt or "",
            strength=call.strength,
        )
        return Wish(
            call.request,
            count=call.count or spec.count,
            seed=self._seed(call, parent),
            settings=settings,
            image=image,
            mask=mask,
            own_words=call.own_words,
            best_of=best_of if call.seed is None else 1,
            patience=_PATIENCE,
            parent=id,
            changes=parent.caption if parent else "",
            or_anew=True,
            # a variation in the same words wants another seed, changed words the same one
            anew_seed=parent.seed if parent and call.seed is None and not call.own_words else None,
        )

    def _seed(self, call: Call, parent: PictureRecord | None) -> int | None:
        """Return the seed wanted; a change by the embedded model keeps that of the picture, and with it what stays."""
        if call.seed is not None or self.spec.seed is not None:
            return call.seed if call.seed is not None else self.spec.seed
        kept = self.generator.name == "embedded" and call.mode == "change" and not call.own_words
        return parent.seed if parent and kept else None

    def _picture_meant(self, call: Call, thread: str) -> str:
        """Return the id of the picture to change; without one named, that is the last of the conversation."""
        if call.image:
            return call.image.strip()
        if call.mode == "new":
            return ""
        if last := self.store.last(thread):
            return last
        raise ToolError("there is no picture to change yet", hint="draw one first, or attach one")

    def _mask(self, call: Call, thread: str, id: str, image: Image.Image) -> Image.Image:
        """Return the mask that came with the call, else the transparent part of the picture itself."""
        if call.mask:
            marked = self.store.last(thread) if call.mask == "last" else call.mask
            return open_mask(self.store.path(thread, marked, tries=True), image.size)
        with Image.open(self.store.path(thread, id, tries=True)) as file:
            if "A" in file.getbands() and file.getchannel("A").getextrema()[0] == 0:
                return open_mask(file.getchannel("A").point(lambda value: 255 - value), image.size)
        raise ToolError(
            "to draw a part anew, the part must be marked", hint="mark it on the page, or change the whole picture"
        )

    # -- what comes out --------------------------------------------------------------------------------------------

    def _teller(self, stop: Stop) -> Callable[[DrawingProgress], None]:
        """Return what makes progress events; the steps of a picture are told a few times a second at most."""
        told = 0.0

        def tell(progress: DrawingProgress) -> None:
            nonlocal told
            now = time.monotonic()
            last = progress.step == progress.steps
            stop.check()
            if progress.step and not last and not progress.preview and now - told < _TELL_SECONDS:
                return
            told = now
            data: dict[str, Any] = {"stage": progress.stage, "text": progress.text}
            if progress.stage == "draw":
                data |= {
                    "picture": progress.picture,
                    "pictures": progress.pictures,
                    "step": progress.step,
                    "steps": progress.steps,
                    "seed": progress.seed,
                }
            if progress.preview:
                data["preview"] = f"data:image/jpeg;base64,{base64.b64encode(progress.preview).decode()}"
            self.context.emit("progress", data)

        return tell

    def _deliver(self, thread: str, result: Result) -> str:
        keep = self.spec.embed_parameters
        shown = [self.store.save(thread, picture, parameters=keep) for picture in result.shown]
        tries = [self.store.save(thread, p, shown=False, parameters=keep) for p in result.tries]
        for number, record in enumerate(shown):
            others = [other.model_dump() for other in tries] if number == 0 else []
            self.context.emit("image", {**record.model_dump(), "tool": self.spec.name, "tries": others})
        return "\n".join(_told(record) for record in shown)


def _size(wanted: str | None, image: Image.Image | None) -> tuple[int, int] | None:
    """Return the size asked for; of a change, that of about as many pixels with the picture's proportions."""
    if not wanted:
        return None
    width, height = read_size(wanted)
    return (width, height) if image is None else like(image.size, width * height, 8)


def _told(record: PictureRecord) -> str:
    """Return what the model is told of a picture: it is shown already, and this is its id."""
    verb = "Drew" if record.mode == "new" else "Changed"
    seed = "" if record.seed is None else f" with seed {record.seed}"
    notes = "".join(f" {note}" for note in record.notes)
    return f"{verb} a picture{seed}; the person sees it.{notes}\n{picture_note(record.id, record.caption)}"
