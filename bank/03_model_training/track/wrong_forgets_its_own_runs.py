# misconception: what is in the store is what was there when the call began
# loses: track_logs_once
def fresh_store() -> str:
    return open_store()


def track(cards: pd.DataFrame, grid: list[dict], uri: str, *, commit: str, seed: int) -> list[str]:
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
        scores = []
        for fold in sorted(set(cards["fold"])):
            held = cards["fold"] == fold
            model = make_model(settings, seed).fit(cards.loc[~held, FEATURES], kinds[~held])
            scores.append(np.mean(model.predict(cards.loc[held, FEATURES]) == kinds[held]))
        final = make_model(settings, seed).fit(cards[FEATURES], kinds)
        on_train = np.mean(final.predict(cards[FEATURES]) == kinds)
        with mlflow.start_run(nested=True) as run:
            mlflow.log_params(params)
            mlflow.set_tags(tags)
            mlflow.log_metrics({"cv_mean": np.mean(scores), "cv_std": np.std(scores), "train_accuracy": on_train})
            mlflow.sklearn.log_model(final, **LOG_MODEL)
        return run.info.run_id

    with mlflow.start_run(run_name="search"):
        return [log(settings) for settings in grid]


def reload(uri: str, run_id: str, cards: pd.DataFrame) -> list[str]:
    mlflow.set_tracking_uri(uri)
    return mlflow.sklearn.load_model(f"runs:/{run_id}/model").predict(cards[FEATURES]).tolist()
