# style: MlflowClient for the look, scikit-learn for the folds
# loses: nothing
def fresh_store() -> str:
    """The URI of an empty store in a folder of its own. Given; it stays as it is."""
    return open_store()


def track(cards: pd.DataFrame, grid: list[dict], uri: str, *, commit: str, seed: int) -> list[str]:
    """Logs one run for each settings of grid to the store at uri; returns their run ids, in the order of grid.

    cards has FEATURES, type, species_id and fold: whole numbers that cut the cards for cross-validation. The runs are
    in the experiment "card-type", FINISHED, and nested under one run of each call, named "search". Each holds
    params    the settings as they are in grid, seed, and n_folds
    metrics   cv_mean and cv_std: mean and standard deviation (np.std) of the accuracies on the folds, each of
              make_model(settings, seed) fitted on the other folds; train_accuracy: of the logged model, on all cards
    tags      git_commit: commit; data_sha256: data_digest(cards); scikit_learn: its version
    model     "model", by mlflow.sklearn.log_model with LOG_MODEL: make_model(settings, seed) fitted on all cards
    A run that the store already holds, with the same settings, seed and data_sha256, isn't logged again: its id is
    returned.
    """
    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("card-type")
    tags = {"git_commit": commit, "data_sha256": data_digest(cards), "scikit_learn": sklearn.__version__}
    n_folds = cards["fold"].nunique()
    kinds = cards["type"].astype(str)
    known = {}
    for run in mlflow.search_runs(experiment_names=["card-type"], output_format="list"):
        if run.info.status == "FINISHED" and run.data.tags.get("data_sha256") == tags["data_sha256"]:
            known[tuple(sorted(run.data.params.items()))] = run.info.run_id

    def log(settings: dict) -> str:
        params = settings | {"seed": seed, "n_folds": n_folds}
        key = tuple(sorted((name, str(value)) for name, value in params.items()))
        if key in known:
            return known[key]
        from sklearn.model_selection import PredefinedSplit, cross_val_score

        scores = cross_val_score(make_model(settings, seed), cards[FEATURES], kinds, cv=PredefinedSplit(cards["fold"]))
        final = make_model(settings, seed).fit(cards[FEATURES], kinds)
        on_train = np.mean(final.predict(cards[FEATURES]) == kinds)
        with mlflow.start_run(nested=True) as run:
            mlflow.log_params(params)
            mlflow.set_tags(tags)
            mlflow.log_metrics({"cv_mean": np.mean(scores), "cv_std": np.std(scores), "train_accuracy": on_train})
            mlflow.sklearn.log_model(final, **LOG_MODEL)
        known[key] = run.info.run_id
        return run.info.run_id

    with mlflow.start_run(run_name="search"):
        return [log(settings) for settings in grid]


def reload(uri: str, run_id: str, cards: pd.DataFrame) -> list[str]:
    """What the model of a run says of each card, loaded from the store at uri."""
    mlflow.set_tracking_uri(uri)
    return mlflow.sklearn.load_model(f"runs:/{run_id}/model").predict(cards[FEATURES]).tolist()
    ### END SOLUTION
