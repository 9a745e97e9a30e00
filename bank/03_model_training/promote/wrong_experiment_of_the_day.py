# misconception: a run is a run, in whichever experiment
# loses: registry_holds_versions
NAME = "card-type"


def fresh_registry() -> str:
    return open_store()


def register(uri: str, cards: pd.DataFrame, settings: dict, metrics: dict) -> int:
    mlflow.set_tracking_uri(uri)
    model = make_model(settings).fit(cards[FEATURES], cards["type"].astype(str))
    with mlflow.start_run():
        mlflow.log_metrics(metrics)
        info = mlflow.sklearn.log_model(model, **LOG_MODEL)
        version = mlflow.register_model(info.model_uri, NAME).version
    mlflow.MlflowClient(uri).set_registered_model_alias(NAME, "challenger", version)
    return int(version)


def promote(uri: str, budget_ms: float) -> bool:
    client = mlflow.MlflowClient(uri)
    aliases = client.get_registered_model(NAME).aliases
    if "challenger" not in aliases:
        return False
    metrics = {
        alias: client.get_run(client.get_model_version(NAME, version).run_id).data.metrics
        for alias, version in aliases.items()
        if alias in ("champion", "challenger")
    }
    new, old = metrics["challenger"], metrics.get("champion")
    if new["latency_ms"] > budget_ms:
        return False
    if old is not None:
        error = np.sqrt(sum(one["cv_std"] ** 2 / one["n_folds"] for one in (new, old)))
        if new["cv_mean"] - old["cv_mean"] <= 1.96 * error:
            return False
        client.set_registered_model_alias(NAME, "previous", aliases["champion"])
    client.set_registered_model_alias(NAME, "champion", aliases["challenger"])
    client.delete_registered_model_alias(NAME, "challenger")
    return True


def rollback(uri: str) -> int:
    client = mlflow.MlflowClient(uri)
    aliases = client.get_registered_model(NAME).aliases
    if "previous" not in aliases:
        raise LookupError("there is no version to go back to")
    client.set_registered_model_alias(NAME, "champion", aliases["previous"])
    client.delete_registered_model_alias(NAME, "previous")
    return int(aliases["previous"])


def champion_says(uri: str, cards: pd.DataFrame) -> list[str]:
    mlflow.set_tracking_uri(uri)
    return mlflow.sklearn.load_model(f"models:/{NAME}@champion").predict(cards[FEATURES]).tolist()
