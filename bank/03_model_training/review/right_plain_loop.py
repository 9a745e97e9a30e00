# style: the client's runs, one by one
# loses: nothing
import math


def review(content):
    client = mlflow.MlflowClient(open_store(content))
    place = client.get_experiment_by_name("card-type").experiment_id
    counted = []
    for run in client.search_runs([place], max_results=1000):
        metrics, params = run.data.metrics, run.data.params
        accuracy = metrics.get("cv_accuracy", metrics.get("acc", math.nan))
        spread = metrics.get("cv_std", metrics.get("acc_std"))
        if run.info.status != "FINISHED" or math.isnan(accuracy) or params["fitted_on"] != "train":
            continue
        safe = accuracy - spread / int(params["n_folds"]) ** 0.5
        gap = metrics["train_accuracy"] - accuracy
        counted.append((accuracy, safe, gap, metrics["fit_seconds"], run.info.run_id))
    top = max(counted)[0]
    return {
        "n_counted": len(counted),
        "best": max(counted)[-1],
        "safest": max(counted, key=lambda one: one[1])[-1],
        "most_overfit": max(counted, key=lambda one: one[2])[-1],
        "cheapest": min((one for one in counted if one[0] >= top - 0.01), key=lambda one: one[3])[-1],
    }
