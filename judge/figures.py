"""matplotlib's figures: what was drawn travels as a summary in plain data, and the judge has look-alikes of it.

The look-alikes answer matplotlib's usual questions (`fig.axes`, `ax.get_title()`, `ax.lines[0].get_xdata()`,
`ax.patches`, `ax.get_legend().get_texts()`) from the summary. Everything else of an artist raises a clear error.
"""

import io
from collections.abc import Iterable
from typing import Any, NoReturn

from judge.codec import CodecError, encode
from judge.codec.core import Spec
from judge.proxies import CannotJudge, Remote

MAX_ARTISTS = 5000  # of one kind in one Axes
MAX_PNG_BYTES = 16 << 20

# Getters of each kind of artist, by matplotlib's own names without "get_". A class stands for its subclasses.
_COMMON = ("label", "alpha", "visible", "zorder")
_TEXT = ("text", "position", "color", "fontsize", "fontweight", "rotation", "ha", "va", "horizontalalignment",
         "verticalalignment", *_COMMON)  # fmt: skip
_LINE = ("xdata", "ydata", "xydata", "color", "linestyle", "linewidth", "marker", "markersize", "drawstyle", *_COMMON)
_PATCH = ("facecolor", "edgecolor", "linewidth", "linestyle", "fill", "hatch", *_COMMON)
_GETTERS: dict[str, tuple[str, ...]] = {
    "Text": _TEXT,
    "Line2D": _LINE,
    "Rectangle": ("x", "y", "xy", "width", "height", "angle", *_PATCH),
    "Polygon": ("xy", "closed", *_PATCH),
    "Wedge": _PATCH,
    "Patch": _PATCH,
    "Collection": ("offsets", "facecolor", "facecolors", "edgecolor", "edgecolors", "array", "clim", "sizes",
                   "segments", "linewidth", *_COMMON),
    "AxesImage": ("array", "extent", "clim", *_COMMON),
    "Legend": ("visible", "zorder"),
}  # fmt: skip
# Plain attributes of the same.
_ATTRIBUTES: dict[str, tuple[str, ...]] = {"Wedge": ("theta1", "theta2", "r", "center", "width")}
_AXES_GETTERS = ("xlabel", "ylabel", "xlim", "ylim", "xbound", "ybound", "xscale", "yscale", "xticks", "yticks",
                 "aspect", "visible", "label", "zorder")  # fmt: skip
_LISTS = ("lines", "patches", "collections", "texts", "images")
_CLASSES = {"Text": "text", "Line2D": "lines", "Rectangle": "patches", "Polygon": "patches", "Wedge": "patches",
            "Patch": "patches", "Collection": "collections", "AxesImage": "image", "Legend": "legend",
            "Figure": "figure", "Axes": "axes"}  # fmt: skip

# -- the student's side --------------------------------------------------------------------------------------


def kind_of(value: object) -> str | None:
    """The name under which an object of matplotlib's own classes is told; None for others and students' subclasses."""
    own = type(value)
    if own.__module__.partition(".")[0] not in ("matplotlib", "mpl_toolkits"):
        return None
    if own.__name__ in ("BarContainer", "ErrorbarContainer", "StemContainer"):
        return "Container"
    return next((base.__name__ for base in own.__mro__ if base.__name__ in _CLASSES), None)


def look(value: Any, *wanted: str) -> Any:
    """The summary of a figure, of Axes or of one artist, or its picture as PNG; plain data, exact types."""
    kind = kind_of(value)
    if wanted == ("png",):
        figure = value if kind == "Figure" else value.get_figure()
        picture = io.BytesIO()
        figure.savefig(picture, format="png")
        return picture.getvalue()
    if kind == "Figure":
        return _figure(value)
    if kind == "Axes":
        return _axes(value)
    if kind == "Container":
        return {"class": "Container", "get": {"label": _plain(value.get_label())}, "items": _artists(value)}
    return _artist(value)


def _figure(figure: Any) -> dict[str, Any]:
    title = figure.get_suptitle() if hasattr(figure, "get_suptitle") else ""
    return {
        "class": "Figure",
        "get": {
            "size_inches": _plain(figure.get_size_inches()),
            "figwidth": float(figure.get_figwidth()),
            "figheight": float(figure.get_figheight()),
            "dpi": float(figure.get_dpi()),
            "suptitle": str(title),
        },
        "axes": [_axes(one) for one in figure.axes[:MAX_ARTISTS]],
        "texts": _artists(figure.texts),
        "legends": [_legend(one) for one in figure.legends],
    }


def _axes(axes: Any) -> dict[str, Any]:
    legend = axes.get_legend()
    handles, labels = axes.get_legend_handles_labels()
    return {
        "class": "Axes",
        "name": str(axes.name),
        "get": _got(axes, _AXES_GETTERS),
        "titles": {place: str(axes.get_title(loc=place)) for place in ("left", "center", "right")},
        "ticklabels": {which: _artists(getattr(axes, f"get_{which}ticklabels")()) for which in "xy"},
        "has_grid": any(line.get_visible() for line in [*axes.get_xgridlines(), *axes.get_ygridlines()]),
        "artists": {name: _artists(getattr(axes, name)) for name in _LISTS},
        "containers": [look(one) for one in axes.containers if kind_of(one) == "Container"],
        "legend": None if legend is None else _legend(legend),
        "legend_handles": _artists(one for one in handles if kind_of(one) not in (None, "Container")),
        "legend_labels": [str(label) for label in labels],
        "position": [float(part) for part in axes.get_position().bounds],
    }


def _legend(legend: Any) -> dict[str, Any]:
    return _artist(legend) | {"texts": _artists(legend.get_texts()), "title": _artist(legend.get_title())}


def _artists(artists: Iterable[Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for artist in artists:
        if len(found) == MAX_ARTISTS:
            raise CodecError(f"more than {MAX_ARTISTS} artists of one kind were drawn")
        found.append(_artist(artist))
    return found


def _artist(artist: Any) -> dict[str, Any]:
    names = [base.__name__ for base in type(artist).__mro__]
    kind = next((name for name in names if name in _GETTERS), None)
    if kind is None:
        return {"class": "Artist", "name": names[0], "get": {}}
    told = {"class": kind, "name": names[0], "get": _got(artist, _GETTERS[kind])}
    attributes = {name: _plain(getattr(artist, name)) for name in _ATTRIBUTES.get(kind, ())}
    if kind in ("Patch", "Polygon"):
        attributes["vertices"] = _plain(artist.get_path().vertices)
    if kind == "Collection":
        attributes["paths"] = [_plain(path.vertices) for path in artist.get_paths()[:MAX_ARTISTS]]
    if kind in ("Collection", "AxesImage"):
        attributes["cmap"] = str(artist.get_cmap().name)
    return told | {"attributes": attributes}


def _got(artist: Any, names: Iterable[str]) -> dict[str, Any]:
    """The answers of an artist's getters; one that it hasn't got, or whose answer isn't plain, is left out."""
    found = {}
    for name in names:
        getter = getattr(artist, f"get_{name}", None)
        if getter is None:
            continue
        try:
            found[name] = _plain(getter())
        except CodecError:
            continue
    return found


def _plain(value: Any) -> Any:
    """A value in exact plain types; masked arrays become arrays with nan. Raises CodecError."""
    if type(value).__name__ == "MaskedArray":
        value = value.filled(float("nan")) if value.dtype.kind == "f" else value.data
    if isinstance(value, str):
        return str(value)
    encode(value)
    return value


# -- the judge's side ----------------------------------------------------------------------------------------


class Unsupported(CannotJudge, AttributeError):
    """A test asked an artist for something that its summary doesn't hold."""


class Look:
    """A look-alike of one artist, of plain data. `isinstance` takes it for matplotlib's class."""

    def __init__(self, told: Any) -> None:
        if type(told) is not dict or type(told.get("class")) is not str or type(told.get("get")) is not dict:
            raise CannotJudge("a student's drawing that can't be looked at")
        self._told = told

    @property  # type: ignore[misc]  # isinstance() asks it, as with any proxy
    def __class__(self) -> type:
        return _class_of(self._told)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        told = self._told
        if name.startswith("get_") and name[4:] in told["get"]:
            return _Getter(name, told["get"][name[4:]])
        if name in (attributes := told.get("attributes", {})):
            return attributes[name]
        known = sorted([*(f"get_{one}" for one in told["get"]), *attributes])
        raise Unsupported(f"the judge knows no {name} of a student's {told['class']}, only {', '.join(known)}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Look):
            raise CannotJudge("an artist can't be compared with plain data; compare what its getters give")
        return self is other

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<a student's {self._told['class']}>"


class _Getter:
    """A method without choices: an option that would change the answer raises."""

    def __init__(self, name: str, value: Any) -> None:
        self.__name__, self._value = name, value

    def __call__(self, *, orig: bool = True) -> Any:
        return self._value


class PathLook(Look):
    """The look-alike of a patch: with its bounding box."""

    def get_bbox(self) -> Any:
        from matplotlib.transforms import Bbox

        get = self._told["get"]
        return Bbox.from_bounds(get["x"], get["y"], get["width"], get["height"])


class MappedLook(Look):
    """The look-alike of a collection or an image."""

    def get_cmap(self) -> Any:
        import matplotlib as mpl

        return mpl.colormaps[self._told["attributes"]["cmap"]]

    def get_paths(self) -> list[Any]:
        from matplotlib.path import Path

        return [Path(vertices) for vertices in self._told["attributes"]["paths"]]


class LegendLook(Look):
    """The look-alike of a legend."""

    def get_texts(self) -> list[Look]:
        return _looks(self._told["texts"])

    @property
    def texts(self) -> list[Look]:
        return self.get_texts()

    def get_title(self) -> Look:
        return Look(self._told["title"])


class ContainerLook(Look):
    """The look-alike of bars that were drawn together."""

    @property
    def patches(self) -> list[Look]:
        return _looks(self._told["items"])

    def __iter__(self) -> Any:
        return iter(self.patches)

    def __len__(self) -> int:
        return len(self._told["items"])

    def __getitem__(self, place: Any) -> Any:
        return self.patches[place]


class AxisLook:
    """`ax.xaxis` or `ax.yaxis`."""

    def __init__(self, told: dict[str, Any], which: str) -> None:
        self._told, self._which = told, which

    @property
    def label(self) -> Look:
        return Look({"class": "Text", "get": {"text": self.get_label_text()}})

    def get_label(self) -> Look:
        return self.label

    def get_label_text(self) -> str:
        return str(self._told["get"][f"{self._which}label"])

    def get_scale(self) -> str:
        return str(self._told["get"][f"{self._which}scale"])

    def get_ticklabels(self) -> list[Look]:
        return _looks(self._told["ticklabels"][self._which])

    def get_ticklocs(self) -> Any:
        return self._told["get"][f"{self._which}ticks"]


class AxesLook(Look):
    """The look-alike of Axes."""

    lines = property(lambda self: _looks(self._told["artists"]["lines"]))
    patches = property(lambda self: _looks(self._told["artists"]["patches"]))
    collections = property(lambda self: _looks(self._told["artists"]["collections"]))
    texts = property(lambda self: _looks(self._told["artists"]["texts"]))
    images = property(lambda self: _looks(self._told["artists"]["images"]))
    containers = property(lambda self: _looks(self._told["containers"]))
    legend_ = property(lambda self: self.get_legend())
    xaxis = property(lambda self: AxisLook(self._told, "x"))
    yaxis = property(lambda self: AxisLook(self._told, "y"))
    name = property(lambda self: self._told["name"])
    has_grid = property(lambda self: self._told["has_grid"])
    title = property(lambda self: Look({"class": "Text", "get": {"text": self.get_title()}}))

    def get_title(self, loc: str = "center") -> str:
        return str(self._told["titles"][loc])

    def get_lines(self) -> list[Look]:
        return _looks(self._told["artists"]["lines"])

    def get_images(self) -> list[Look]:
        return _looks(self._told["artists"]["images"])

    def get_legend(self) -> Look | None:
        legend = self._told["legend"]
        return None if legend is None else _look(legend)

    def get_legend_handles_labels(self) -> tuple[list[Look], list[str]]:
        return _looks(self._told["legend_handles"]), list(self._told["legend_labels"])

    def get_xticklabels(self) -> list[Look]:
        return _looks(self._told["ticklabels"]["x"])

    def get_yticklabels(self) -> list[Look]:
        return _looks(self._told["ticklabels"]["y"])

    def get_xaxis(self) -> AxisLook:
        return AxisLook(self._told, "x")

    def get_yaxis(self) -> AxisLook:
        return AxisLook(self._told, "y")

    def has_data(self) -> bool:
        drawn = self._told["artists"]
        return any(drawn[name] for name in ("lines", "patches", "collections", "images"))


class FigureLook(Look):
    """The look-alike of a figure."""

    texts = property(lambda self: _looks(self._told["texts"]))
    legends = property(lambda self: _looks(self._told["legends"]))

    @property
    def axes(self) -> list[Look]:
        return _looks(self._told["axes"])

    def get_axes(self) -> list[Look]:
        return self.axes

    def gca(self) -> Look:
        return self.axes[-1]


_LOOKS: dict[str, type[Look]] = {
    "Figure": FigureLook, "Axes": AxesLook, "Legend": LegendLook, "Rectangle": PathLook, "Container": ContainerLook,
    "Collection": MappedLook, "AxesImage": MappedLook,
}  # fmt: skip


class RemoteDrawing(Remote):
    """A student's figure, Axes or artist: whatever is asked of it is asked of its look-alike of this moment."""

    __slots__ = ("_seen", "_seen_at")

    def __init__(self, asking: Any, spec: Spec) -> None:
        super().__init__(asking, spec)
        object.__setattr__(self, "_seen", None)
        object.__setattr__(self, "_seen_at", -1)

    @property  # type: ignore[misc]  # isinstance() asks it, as with any proxy
    def __class__(self) -> type:
        return _class_of({"class": self._spec.get("drawn")})

    def _look(self) -> Look:
        """The look-alike; asked for anew when the student's process did anything since."""
        if self._seen is None or self._asking.requests != self._seen_at:
            object.__setattr__(self, "_seen", _look(self._asking.look(self)))
            object.__setattr__(self, "_seen_at", self._asking.requests)
        seen: Look = self._seen
        return seen

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._look(), name)

    def _container(self) -> "ContainerLook":
        look = self._look()
        if not isinstance(look, ContainerLook):
            raise Unsupported("only bars that were drawn together have a length and items")
        return look

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise Unsupported("a test can look at a student's drawing; it can't change it")

    def __len__(self) -> int:
        return len(self._container())

    def __iter__(self) -> Any:
        return iter(self._container())

    def __getitem__(self, key: object) -> Any:
        return self._container()[key]

    @property
    def figure(self) -> Any:
        return self.get_figure()

    def get_figure(self, root: bool = False) -> Any:
        return self._asking.call(self._asking.attribute(self, "get_figure"), (), {})

    def png(self) -> bytes:
        """The picture, as the student's matplotlib draws it now."""
        picture = self._asking.look(self, "png")
        if type(picture) is not bytes or len(picture) > MAX_PNG_BYTES or picture[:8] != b"\x89PNG\r\n\x1a\n":
            raise CannotJudge("a student's figure gave no picture")
        return picture

    def savefig(self, file: Any, *, format: str = "png", **_: object) -> None:
        """Writes the PNG to an open file or a path; no other format is known."""
        if format != "png":
            raise Unsupported(f"the judge has a student's figure as png only, not as {format}")
        if hasattr(file, "write"):
            file.write(self.png())
            return
        with open(file, "wb") as target:
            target.write(self.png())


def proxy(asking: Any, spec: Spec) -> RemoteDrawing:
    """The proxy of a drawn object; raises CodecError for an unknown kind."""
    if spec.get("drawn") != "Container" and spec.get("drawn") not in _CLASSES:
        raise CodecError("an artist of an unknown kind")
    return RemoteDrawing(asking, spec)


def _look(told: Any) -> Look:
    kind = told.get("class") if type(told) is dict else None
    return _LOOKS.get(kind if type(kind) is str else "", Look)(told)


def _looks(told: list[Any]) -> list[Look]:
    return [_look(one) for one in told]


def _class_of(told: dict[str, Any]) -> type:
    import importlib

    name = told.get("class")
    if name == "Container":
        name, module = "BarContainer", "container"
    elif name in _CLASSES:
        module = _CLASSES[name]
    else:
        name, module = "Artist", "artist"
    found: type = getattr(importlib.import_module(f"matplotlib.{module}"), name)
    return found
