"""From a wish to finished pictures: caption, queue, drawing, ranking."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from PIL import Image

from gptsmith.errors import GptsmithError
from gptsmith.models.pictures.generators import (
    SEEDS,
    DrawingStep,
    Drawn,
    Generator,
    Job,
    Settings,
    Stop,
    check_settings,
    check_words,
    choose_seeds,
)
from gptsmith.models.pictures.input_images import side_mask
from gptsmith.tools.drawing.changed import Looker, clearness
from gptsmith.tools.drawing.store import Picture, PictureRecord
from gptsmith.tools.drawing.upsampler import Earlier, OwnWords, Upsampled, Upsampler

# The queue of drawing jobs: one at a time on each device, in the order in which they came, and not too many.

MOST = 16  # jobs that wait or run


class JobQueue:
    """A place where jobs stand in line; whoever holds the first place runs, in its own thread."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self._line: deque[object] = deque()
        self._moved = threading.Condition()

    def __len__(self) -> int:
        return len(self._line)

    @contextmanager
    def turn(self, stop: Stop, on_wait: Callable[[int], None] = lambda _ahead: None) -> Iterator[None]:
        """Wait for this job's turn and hold it; `on_wait` is told how many are ahead, whenever that changes.

        However the job ends, the next one goes on.

        Raises:
            GptsmithError: `queue_full`.
            DrawingStoppedError: `stop` was set while it waited.
        """
        place = object()
        with self._moved:
            if len(self._line) >= self.most:
                raise GptsmithError(
                    f"{len(self._line)} pictures are waiting to be drawn already",
                    code="queue_full",
                    hint="try again when some are done",
                )
            self._line.append(place)
        try:
            self._wait(place, stop, on_wait)
            yield
        finally:
            with self._moved:
                self._line.remove(place)
                self._moved.notify_all()

    def _wait(self, place: object, stop: Stop, on_wait: Callable[[int], None]) -> None:
        told = -1
        while True:
            stop.check()
            with self._moved:
                ahead = self._line.index(place)
                if ahead == told:
                    self._moved.wait(0.1)  # not longer: the switch does not wake this
                    ahead = self._line.index(place)
            if ahead == 0:
                return
            if ahead != told:
                told = ahead
                on_wait(ahead)


_QUEUES: dict[str, JobQueue] = {}
_LOCK = threading.Lock()


def queue_of(device: str) -> JobQueue:
    """Return this process's queue of a device."""
    with _LOCK:
        return _QUEUES.setdefault(device, JobQueue())


@dataclass(frozen=True)
class Wish:
    """What a person wants drawn. `own_words` draws `request` as it is; `best_of` tries are made for each picture."""

    request: str
    count: int = 1
    seed: int | None = None
    settings: Settings = field(default_factory=Settings)
    image: Image.Image | None = None
    mask: Image.Image | None = None
    own_words: bool = False
    best_of: int = 1
    parent: str = ""
    changes: str = ""
    """The caption of the picture that is changed, where it is known."""
    or_anew: bool = False
    """Draw a new picture from the changed caption, with `anew_seed`, where the model cannot start from a picture."""
    anew_seed: int | None = None
    patience: float | None = None
    """Seconds after which no further try is begun; the first picture is always drawn."""


@dataclass(frozen=True)
class DrawingProgress:
    """One step on the way: `text` is for people, `preview` a small JPEG now and then."""

    stage: str
    text: str
    picture: int = 0
    pictures: int = 0
    step: int = 0
    steps: int = 0
    seed: int | None = None
    preview: bytes | None = None


@dataclass(frozen=True)
class Result:
    """The pictures to show, the best first, and the other tries."""

    shown: list[Picture]
    tries: list[Picture] = field(default_factory=list)


class Ranker(Protocol):
    """Says how well pictures fit words: one number each, higher is better."""

    def scores(self, images: Sequence[Image.Image], text: str) -> list[float]:
        """Return one score for each picture."""


Listen = Callable[[DrawingProgress], None]


def _unheard(_progress: DrawingProgress) -> None:
    """Nobody listens."""


class Studio:
    """A generator with what stands around it. Safe to use from several threads: jobs wait for each other."""

    def __init__(
        self,
        generator: Generator,
        *,
        upsampler: Upsampler | None = None,
        ranker: Ranker | None = None,
        looker: Looker | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.generator = generator
        self.upsampler = upsampler or OwnWords()
        self.ranker = ranker
        self.looker = looker
        self._clock = clock

    def draw(
        self, wish: Wish, *, earlier: Sequence[Earlier] = (), listen: Listen = _unheard, stop: Stop | None = None
    ) -> Result:
        """Draw what is wished for.

        Raises:
            UsageError: the words or a setting cannot be used; nothing was loaded.
            DrawingStoppedError: `stop` was set; there is no half picture.
            GptsmithError, NotReadyError, ProviderError: it could not be drawn; it says why.
        """
        stop = stop or Stop()
        request = check_words(wish.request)
        settings = check_settings(wish.settings)
        seeds = choose_seeds(wish.seed, wish.count * max(1, wish.best_of))
        caption = self._caption(request, wish, earlier, listen)
        wish, caption = _into_the_picture(wish, caption)
        stop.check()
        pictures: list[Picture] = []

        def add(seed: int, number: int, of: int, wish: Wish) -> None:
            words = caption.part.caption if caption.part else caption.caption
            job = Job(words, seed, settings, wish.image, wish.mask)
            drawn, job = self._drawn(job, wish, partial(_heard, listen, number, of), stop)
            pictures.append(self._picture(drawn, job, request, caption, wish))

        with queue_of(self.generator.device).turn(stop, lambda ahead: listen(_waiting(ahead))):
            listen(DrawingProgress("load", f"Preparing {self.generator.name}"))
            self.generator.prepare(lambda text: listen(DrawingProgress("load", text)), stop)
            stop.check()
            began = self._clock()
            for number, seed in enumerate(seeds, 1):
                if number > wish.count and _too_long(self._clock() - began, number - 1, wish.patience):
                    break
                add(seed, number, len(seeds), wish)
            if self._unchanged(pictures, wish, caption, listen):  # once more, from the words alone
                more = [(seed + len(seeds)) % SEEDS for seed in seeds[: wish.count]]
                for number, seed in enumerate(more, 1):
                    add(seed, number, len(more), wish if caption.part else replace(wish, image=None))
                self._unchanged(pictures, wish, caption, listen)
        return self._chosen(pictures, request, wish, caption, listen)

    def _drawn(
        self, job: Job, wish: Wish, heard: Callable[[int], Callable[[DrawingStep], None]], stop: Stop
    ) -> tuple[Drawn, Job]:
        """Draw one picture; return it with the job that was done."""
        try:
            return self.generator.draw(job, heard(job.seed), stop), job
        except GptsmithError as error:
            if error.code != "unsupported" or job.mask is not None or not wish.or_anew:
                raise
        anew = replace(job, image=None, seed=job.seed if wish.anew_seed is None else wish.anew_seed)
        drawn = self.generator.draw(anew, heard(anew.seed), stop)
        name = self.generator.name
        note = f"{name} cannot start from a picture, so it drew a new one from the changed description."
        return replace(drawn, notes=[*drawn.notes, note]), anew

    def _caption(self, request: str, wish: Wish, earlier: Sequence[Earlier], listen: Listen) -> Upsampled:
        if wish.own_words:
            return Upsampled(request, own_words=True)
        if wish.mask is not None:
            return self.upsampler.part(request, wish.changes)
        if not isinstance(self.upsampler, OwnWords):
            where = f" (your words go to {self.upsampler.leaves})" if self.upsampler.leaves else ""
            listen(DrawingProgress("caption", f"Writing the description{where}"))
        return self.upsampler.upsample(request, earlier, changes=wish.changes)

    def _picture(self, drawn: Drawn, job: Job, request: str, caption: Upsampled, wish: Wish) -> Picture:
        size = "{}x{}".format(*drawn.image.size)
        about = {"seed": job.seed, "native_size": size, **drawn.used}
        record = PictureRecord(
            prompt=request,
            caption=caption.caption,
            own_words=caption.own_words,
            size=size,
            model=self.generator.name,
            mode=job.mode,
            parent=wish.parent,
            notes=[*caption.notes, *drawn.notes],
            version=_version(),
            created=time.time(),
            **about,
        )
        return Picture(drawn.image, record)

    def _unchanged(self, pictures: list[Picture], wish: Wish, caption: Upsampled, listen: Listen) -> bool:
        """Look whether the pictures show what was changed; tell whether none does. Each gets how clearly it does."""
        if self.looker is None or caption.change is None:
            return False
        listen(DrawingProgress("rank", "Looking whether the change is there"))
        for picture in pictures:
            clear = clearness(self.looker, picture.image, wish.image, caption.change)
            picture.record = picture.record.model_copy(update={"score": round(clear, 4)})
        return all((picture.record.score or 0) <= 0 for picture in pictures)

    def _chosen(self, pictures: list[Picture], request: str, wish: Wish, caption: Upsampled, listen: Listen) -> Result:
        """Put those pictures first that show a change most clearly, or fit the person's own short words best."""
        if self.looker is not None and caption.change is not None:
            pictures = sorted(pictures, key=lambda picture: -(picture.record.score or 0))
            for picture in pictures:
                if (picture.record.score or 0) <= 0:
                    notes = [
                        *picture.record.notes,
                        f"I tried twice, and I do not see the change: {caption.change.told}.",
                    ]
                    picture.record = picture.record.model_copy(update={"notes": notes})
        elif self.ranker is not None and len(pictures) > 1:
            listen(DrawingProgress("rank", "Choosing the best"))
            scores = self.ranker.scores([p.image for p in pictures], request)
            for picture, score in zip(pictures, scores, strict=True):
                picture.record = picture.record.model_copy(update={"score": round(score, 4)})
            pictures = [p for _, p in sorted(zip(scores, pictures, strict=True), key=lambda pair: -pair[0])]
        return Result(pictures[: wish.count], pictures[wish.count :])


def _into_the_picture(wish: Wish, caption: Upsampled) -> tuple[Wish, Upsampled]:
    """Turn a change that only puts something beside what is there into one of that part, where a picture is given."""
    if caption.part is None or wish.image is None or wish.mask is not None:
        return wish, replace(caption, part=None)
    mask = side_mask(wish.image.size, caption.part.side)
    return replace(wish, mask=mask), replace(caption, caption=caption.part.whole, notes=caption.part.notes, change=None)


def _too_long(spent: float, drawn: int, patience: float | None) -> bool:
    """Tell whether one more picture, as slow as those so far, would be later than a person waits."""
    return patience is not None and spent + spent / max(1, drawn) > patience


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"gptsmith {version('gptsmith')}"
    except PackageNotFoundError:  # run from a folder that was not installed
        return "gptsmith"


def _waiting(ahead: int) -> DrawingProgress:
    jobs = "1 picture is" if ahead == 1 else f"{ahead} pictures are"
    return DrawingProgress("queue", f"Waiting: {jobs} drawn before")


def _heard(listen: Listen, number: int, pictures: int, seed: int) -> Callable[[DrawingStep], None]:
    """Tell of a picture's steps; the seed is named before the first one."""
    which = f" picture {number} of {pictures}" if pictures > 1 else ""
    first = DrawingProgress("draw", f"Drawing{which}, seed {seed}", number, pictures, 0, 0, seed)
    listen(first)

    def on_step(step: DrawingStep) -> None:
        text = f"Drawing{which}, step {step.step} of {step.steps}, seed {seed}"
        listen(replace(first, text=text, step=step.step, steps=step.steps, preview=step.preview))

    return on_step
