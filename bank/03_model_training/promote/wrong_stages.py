# misconception: versions have stages: Production is what the page loads
# loses: registry_holds_versions, promotion_moves_the_aliases, promotion_asks_for_evidence, promotion_keeps_the_budget, rollback_brings_the_old_one_back

NAME = "card-type"


def fresh_registry() -> str:
    """The URI of an empty store. Given; it stays as it is."""
    return open_store()


def register(uri: str, cards: pd.DataFrame, settings: dict, metrics: dict) -> int:
    """Fits make_model(settings) on all cards, logs it as "model" in a run with these metrics in the experiment NAME,
    and registers it as a new version of NAME with the alias challenger; returns the version.

    metrics: cv_mean, cv_std, n_folds and latency_ms.
    """
    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment(NAME)
    model = make_model(settings).fit(cards[FEATURES], cards["type"].astype(str))
    with mlflow.start_run():
        mlflow.log_metrics(metrics)
        info = mlflow.sklearn.log_model(model, **LOG_MODEL)
        version = mlflow.register_model(info.model_uri, NAME).version
    mlflow.MlflowClient(uri).set_registered_model_alias(NAME, "challenger", version)
    return int(version)


def promote(uri: str, budget_ms: float) -> bool:
    """Whether the challenger became champion.

    It does when its latency_ms is at most budget_ms and, if there is a champion, its cv_mean exceeds the champion's by
    more than 1.96 standard errors: sqrt(cv_std² / n_folds of the one + cv_std² / n_folds of the other). Then champion
    points to its version, previous to the old champion's, if there was one, and the alias challenger is gone. Else,
    and without a challenger, no alias changes.
    """
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
    client.transition_model_version_stage(NAME, aliases["challenger"], "Production")
    client.delete_registered_model_alias(NAME, "challenger")
    return True


def rollback(uri: str) -> int:
    """Points champion back to the version of previous and returns it; the alias previous is gone then.

    Raises LookupError, and changes nothing, when there is no previous.
    """
    client = mlflow.MlflowClient(uri)
    aliases = client.get_registered_model(NAME).aliases
    if "previous" not in aliases:
        raise LookupError("there is no version to go back to")
    client.set_registered_model_alias(NAME, "champion", aliases["previous"])
    client.delete_registered_model_alias(NAME, "previous")
    return int(aliases["previous"])


def champion_says(uri: str, cards: pd.DataFrame) -> list[str]:
    """What the champion says of each card, whichever version that is."""
    mlflow.set_tracking_uri(uri)
    return mlflow.sklearn.load_model(f"models:/{NAME}@champion").predict(cards[FEATURES]).tolist()
    ### END SOLUTION
