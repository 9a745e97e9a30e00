"""scikit-learn's estimators: what they are travels as a specification, what they predict as data.

A specification is a class name of a closed list and the parameters that differ from the defaults, in plain data. The
judge builds an unfitted estimator of its own from it, to clone, cross-validate and ask for tags; a fitted estimator of
the student stays where it is and is only asked for predictions. Labels never leave the judge.
"""

import base64
import importlib
import inspect
import numbers
import sys
from typing import Any

from judge.codec import CodecError, decode, encode
from judge.codec.core import Spec
from judge.proxies import CannotJudge, Remote

MAX_WHOLE_NUMBER = 10_000_000  # of trees, iterations, bins ...: more is an attack on the judge's time
MAX_NESTED = 12

# What changes no result, but starts processes, writes to the disk or prints.
_LEFT_OUT = frozenset(("memory", "n_jobs", "verbose", "pre_dispatch"))

_CLASSES = {
    "calibration": "CalibratedClassifierCV",
    "cluster": "AgglomerativeClustering Birch BisectingKMeans DBSCAN FeatureAgglomeration HDBSCAN KMeans MeanShift "
    "MiniBatchKMeans OPTICS SpectralClustering",
    "compose": "ColumnTransformer TransformedTargetRegressor",
    "decomposition": "FactorAnalysis FastICA IncrementalPCA KernelPCA LatentDirichletAllocation NMF PCA SparsePCA "
    "TruncatedSVD",
    "discriminant_analysis": "LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis",
    "dummy": "DummyClassifier DummyRegressor",
    "ensemble": "AdaBoostClassifier AdaBoostRegressor BaggingClassifier BaggingRegressor ExtraTreesClassifier "
    "ExtraTreesRegressor GradientBoostingClassifier GradientBoostingRegressor HistGradientBoostingClassifier "
    "HistGradientBoostingRegressor IsolationForest RandomForestClassifier RandomForestRegressor StackingClassifier "
    "StackingRegressor VotingClassifier VotingRegressor",
    "feature_extraction": "DictVectorizer FeatureHasher",
    "feature_extraction.text": "CountVectorizer HashingVectorizer TfidfTransformer TfidfVectorizer",
    "feature_selection": "RFE RFECV SelectFromModel SelectKBest SelectPercentile SequentialFeatureSelector "
    "VarianceThreshold",
    "gaussian_process": "GaussianProcessClassifier GaussianProcessRegressor",
    "impute": "KNNImputer MissingIndicator SimpleImputer",
    "isotonic": "IsotonicRegression",
    "kernel_approximation": "Nystroem RBFSampler",
    "kernel_ridge": "KernelRidge",
    "linear_model": "ARDRegression BayesianRidge ElasticNet ElasticNetCV GammaRegressor HuberRegressor Lars Lasso "
    "LassoCV LassoLars LinearRegression LogisticRegression LogisticRegressionCV OrthogonalMatchingPursuit "
    "PassiveAggressiveClassifier PassiveAggressiveRegressor Perceptron PoissonRegressor QuantileRegressor "
    "RANSACRegressor Ridge RidgeCV RidgeClassifier RidgeClassifierCV SGDClassifier SGDRegressor TheilSenRegressor "
    "TweedieRegressor",
    "manifold": "Isomap LocallyLinearEmbedding MDS TSNE",
    "mixture": "BayesianGaussianMixture GaussianMixture",
    "model_selection": "GridSearchCV RandomizedSearchCV FixedThresholdClassifier TunedThresholdClassifierCV",
    "multiclass": "OneVsOneClassifier OneVsRestClassifier",
    "multioutput": "ClassifierChain MultiOutputClassifier MultiOutputRegressor RegressorChain",
    "naive_bayes": "BernoulliNB CategoricalNB ComplementNB GaussianNB MultinomialNB",
    "neighbors": "KNeighborsClassifier KNeighborsRegressor KernelDensity LocalOutlierFactor NearestCentroid "
    "NearestNeighbors RadiusNeighborsClassifier RadiusNeighborsRegressor",
    "neural_network": "MLPClassifier MLPRegressor",
    "pipeline": "FeatureUnion Pipeline",
    "preprocessing": "Binarizer KBinsDiscretizer LabelBinarizer LabelEncoder MaxAbsScaler MinMaxScaler "
    "MultiLabelBinarizer Normalizer OneHotEncoder OrdinalEncoder PolynomialFeatures PowerTransformer "
    "QuantileTransformer RobustScaler SplineTransformer StandardScaler TargetEncoder",
    "random_projection": "GaussianRandomProjection SparseRandomProjection",
    "semi_supervised": "LabelPropagation LabelSpreading SelfTrainingClassifier",
    "svm": "LinearSVC LinearSVR NuSVC NuSVR OneClassSVM SVC SVR",
    "tree": "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor",
}
_MODULE_OF = {name: f"sklearn.{module}" for module, names in _CLASSES.items() for name in names.split()}
# Small objects in parameters that travel by their own parameters; they are the same on both sides.
_HELPERS = {
    "make_column_selector": "sklearn.compose",
    **dict.fromkeys(
        (
            "GroupKFold", "GroupShuffleSplit", "KFold", "LeaveOneGroupOut", "LeaveOneOut", "RepeatedKFold",
            "RepeatedStratifiedKFold", "ShuffleSplit", "StratifiedGroupKFold", "StratifiedKFold",
            "StratifiedShuffleSplit", "TimeSeriesSplit",
        ),
        "sklearn.model_selection",
    ),
}  # fmt: skip

# -- either side ---------------------------------------------------------------------------------------------


def is_known(value: object) -> bool:
    """Whether an object is exactly of a listed class; a student's subclass is not."""
    kind = type(value)
    return _is_at(_MODULE_OF.get(kind.__name__), kind)


def helper_parts(value: object) -> list[Any] | None:
    """Name and parameters of a splitter or column selector; None for all others."""
    kind = type(value)
    if not _is_at(_HELPERS.get(kind.__name__), kind):
        return None
    own = vars(value) | getattr(value, "cvargs", {})
    parameters = {name: own[name] for name in inspect.signature(kind).parameters if name in own}
    return [kind.__name__, _packed_parameters(parameters)]


def build_helper(parts: Any) -> object:
    """The splitter or column selector of these parts; raises CodecError."""
    name, parameters = parts
    if name not in _HELPERS:
        raise CodecError("an object of an unknown kind")
    kind = getattr(importlib.import_module(_HELPERS[name]), name)
    return kind(**_checked_parameters(kind, _unpacked_parameters(parameters)))


def class_of(name: object) -> Any:
    """scikit-learn's class of a listed name; raises CodecError."""
    if type(name) is not str or name not in _MODULE_OF:
        raise CodecError("an estimator of an unknown class")
    return getattr(importlib.import_module(_MODULE_OF[name]), name)


def pack(estimator: object) -> bytes:
    """The frame of an estimator's specification; raises CodecError when a part of it can't travel."""
    return encode(estimator, _Parts())


def build(frame: object) -> Any:
    """An unfitted estimator from the frame of a specification; raises CodecError, whatever it holds."""
    if type(frame) is not bytes:
        raise CodecError("no specification")
    return decode(frame, _Parts())


def pack_unfitted(estimator: Any) -> bytes:
    """`pack` for what a test gives to a student's function; raises CodecError when it was fitted here."""
    if any(name.endswith("_") and not name.startswith("__") for name in vars(estimator)):
        raise CodecError(f"a {type(estimator).__name__} that the test fitted can't be given to a student's function")
    return pack(estimator)


class _Parts:
    """The codec's Opaque inside a specification: nested estimators, helpers and a few classes, nothing else."""

    def __init__(self, depth: int = 0) -> None:
        if depth > MAX_NESTED:
            raise CodecError("estimators nested too deep")
        self._depth = depth

    def export(self, value: object) -> Spec:
        from judge import foreign

        if is_known(value):
            frame = encode(_own_parameters(value), _Parts(self._depth + 1))
            output = getattr(value, "_sklearn_output_config", {}).get("transform")
            return {"class": type(value).__name__, "frame": _text(frame), "output": output}
        packed = foreign.export(value)
        if packed is None or packed["packed"] not in ("class", "helper"):
            raise CodecError(f"a parameter is a {type(value).__name__}, which the judge doesn't build")
        return packed

    def resolve(self, spec: Spec) -> object:
        from judge import foreign

        if "class" not in spec:
            if spec.get("packed") not in ("class", "helper"):
                raise CodecError("no part of an estimator")
            return foreign.resolve(spec)
        kind = class_of(spec["class"])
        parameters = decode(_bytes(spec.get("frame")), _Parts(self._depth + 1))
        estimator = kind(**_checked_parameters(kind, parameters))
        if spec.get("output") in ("default", "pandas", "polars") and hasattr(estimator, "set_output"):
            estimator.set_output(transform=spec["output"])
        return estimator


def _own_parameters(estimator: Any) -> dict[str, Any]:
    """The parameters that differ from the defaults, without those left out."""
    defaults = inspect.signature(type(estimator)).parameters
    given = estimator.get_params(deep=False)
    return {
        name: value
        for name, value in given.items()
        if name not in _LEFT_OUT and not _is_same(value, defaults[name].default)
    }


def _is_same(value: object, default: object) -> bool:
    if value is default:
        return True
    return type(value) is type(default) and isinstance(value, bool | int | float | str) and value == default


def _checked_parameters(kind: type, parameters: object) -> dict[str, Any]:
    """Parameters of a class; raises CodecError for those that reach files, code, processes or for ever."""
    if type(parameters) is not dict or not parameters.keys() <= inspect.signature(kind).parameters.keys():
        raise CodecError(f"parameters that {kind.__name__} doesn't have")
    if parameters.keys() & _LEFT_OUT or parameters.get("input", "content") != "content":
        raise CodecError(f"a parameter of {kind.__name__} that the judge doesn't set")
    for name, value in parameters.items():
        if name != "random_state":
            _check_size(value)
    return parameters


def _check_size(value: object, depth: int = 0) -> None:
    if isinstance(value, numbers.Integral) and abs(int(value)) > MAX_WHOLE_NUMBER:
        raise CodecError(f"a parameter above {MAX_WHOLE_NUMBER}")
    if isinstance(value, list | tuple | set | frozenset):
        for item in value:
            _check_size(item)
    elif isinstance(value, dict):
        for item in value.values():
            _check_size(item)


def _packed_parameters(parameters: dict[str, Any]) -> str:
    return _text(encode(parameters, _Parts()))


def _unpacked_parameters(text: object) -> Any:
    return decode(_bytes(text), _Parts())


def _text(frame: bytes) -> str:
    return base64.b64encode(frame).decode("ascii")


def _bytes(text: object) -> bytes:
    if type(text) is not str:
        raise CodecError("no specification")
    return base64.b64decode(text, validate=True)


def _is_at(module: str | None, kind: type) -> bool:
    return module is not None and getattr(sys.modules.get(module), kind.__name__, None) is kind


# -- the student's side --------------------------------------------------------------------------------------


def look(estimator: Any) -> dict[str, Any]:
    """What the judge may know of a student's estimator: its specification, or why there is none, and if it's fitted."""
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        frame, problem = pack(estimator), None
    except CodecError as error:
        frame, problem = None, str(error)
    try:
        check_is_fitted(estimator)
        is_fitted = True
    except (NotFittedError, TypeError):
        is_fitted = False
    return {"frame": frame, "problem": problem, "is_fitted": is_fitted}


def simplify(value: Any) -> Any:
    """A fitted attribute in types that travel: Bunch as a dict, masked arrays as arrays of objects."""
    kind = type(value)
    if kind.__name__ == "Bunch" and kind.__module__.startswith("sklearn."):
        return dict(value)
    if kind.__name__ == "MaskedArray" and kind.__module__.startswith("numpy."):
        return value.astype(object).filled(None)
    if kind is dict and any(type(item).__name__ == "MaskedArray" for item in value.values()):
        return {name: simplify(item) for name, item in value.items()}
    return value


# -- the judge's side ----------------------------------------------------------------------------------------

# Methods that run in the student's process; all but the last line answer with data.
_ASKED = frozenset((
    "predict", "predict_proba", "predict_log_proba", "decision_function", "transform", "inverse_transform",
    "fit_transform", "fit_predict", "score_samples", "staged_predict", "apply", "kneighbors", "radius_neighbors",
    "get_feature_names_out", "get_params", "get_support", "decision_path", "cost_complexity_pruning_path", "get_depth",
    "get_n_leaves",
    "fit", "partial_fit", "set_params", "set_output",
))  # fmt: skip
_BUNCHES = ("named_steps", "named_transformers_", "named_estimators_", "named_estimators", "named_transformers")


class RemoteEstimator(Remote):
    """A student's estimator of a listed class. Its type's name is the class', so that a test may print it."""

    __slots__ = ()

    @property  # type: ignore[misc]  # isinstance() asks it, as with any proxy
    def __class__(self) -> type:
        kind: type = class_of(self._spec.get("name"))
        return kind

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            return super().__getattr__(name)
        value = self._asking.attribute(self, name)
        if name in _BUNCHES and type(value) is dict:
            from sklearn.utils import Bunch

            return Bunch(**value)
        if isinstance(value, Remote) and not isinstance(value, RemoteEstimator):
            if name not in _ASKED:
                raise CannotJudge(f"{name} of a student's {self._spec['name']} is no plain data")
            return _Method(self, name, value)
        return value

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:  # noqa: N803 - as scikit-learn names it
        """The score that the class is known for, of the student's predictions; y stays here."""
        from sklearn.metrics import accuracy_score, get_scorer, r2_score

        final, scoring = _what_predicts(self)
        if scoring is not None:
            return float(get_scorer(scoring)(self, X, y))
        bases = {base.__name__ for base in class_of(final).__mro__}
        predicted = self.predict(X)
        if "ClassifierMixin" in bases:
            return float(accuracy_score(y, predicted, sample_weight=sample_weight))
        if "RegressorMixin" in bases:
            return float(r2_score(y, predicted, sample_weight=sample_weight))
        raise CannotJudge(f"a {final} has no score that the judge can compute; compare what it predicts")

    def __sklearn_clone__(self) -> Any:
        return self._local()

    def __sklearn_tags__(self) -> Any:
        return self._local().__sklearn_tags__()

    def __sklearn_is_fitted__(self) -> bool:
        return _looked(self).get("is_fitted") is True

    def _local(self) -> Any:
        """A fresh, unfitted estimator of the judge's own with the student's parameters."""
        seen = _looked(self)
        try:
            local = build(seen.get("frame"))
        except CodecError as error:
            problem = seen.get("problem")
            reason = problem if type(problem) is str else str(error)
            raise CannotJudge(f"the judge can't build a student's {self._spec['name']}: {reason[:300]}") from None
        if type(local).__name__ != self._spec["name"]:
            raise CannotJudge("a student's estimator says that it's of two classes")
        return local


class _Method:
    """A method that runs in the student's process. Only data or the estimator itself comes back."""

    def __init__(self, owner: RemoteEstimator, name: str, function: Remote) -> None:
        self._owner, self._function = owner, function
        self.__name__ = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        result = self._function(*args, **kwargs)
        if not isinstance(result, Remote):
            return result
        if result._spec.get("id") == self._owner._spec.get("id"):
            return self._owner
        if isinstance(result, RemoteEstimator):
            return result
        raise CannotJudge(f"{self.__name__}() of a student's estimator answered with no plain data")


def proxy(asking: Any, spec: Spec) -> RemoteEstimator:
    """The proxy of an estimator; raises CodecError for a class outside the list."""
    name = spec.get("name")
    if type(name) is not str or name not in _MODULE_OF:
        raise CodecError("an estimator of an unknown class")
    if name not in _PROXIES:
        _PROXIES[name] = type(name, (RemoteEstimator,), {"__slots__": ()})
    return _PROXIES[name](asking, spec)


_PROXIES: dict[str, type[RemoteEstimator]] = {}


def _looked(estimator: RemoteEstimator) -> dict[str, Any]:
    seen = estimator._asking.look(estimator)
    if type(seen) is not dict:
        raise CannotJudge("a student's estimator can't be looked at")
    return seen


def _what_predicts(estimator: Any, depth: int = 0) -> tuple[str, str | None]:
    """The class that a score goes by, and the name of a scorer if the student's search chose one."""
    if not isinstance(estimator, RemoteEstimator) or depth > MAX_NESTED:
        raise CannotJudge("what predicts is of the student's own kind; compare what it predicts")
    name = estimator._spec["name"]
    if name == "Pipeline":
        return _what_predicts(estimator.steps[-1][1], depth + 1)
    if name in ("GridSearchCV", "RandomizedSearchCV", "LogisticRegressionCV"):
        scoring = estimator.scoring if type(estimator.refit) is not str else estimator.refit
        if scoring is None and name == "LogisticRegressionCV":
            return name, None
        if scoring is None:
            return _what_predicts(estimator.estimator, depth + 1)
        if type(scoring) is not str:
            raise CannotJudge(f"the scorer of a student's {name} is no plain name")
        return name, scoring
    return name, None
