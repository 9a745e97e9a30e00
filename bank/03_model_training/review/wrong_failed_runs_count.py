# misconception: a logged number is a number, however the run ended
# loses: review_leaves_out_what_does_not_count


def review(content: bytes) -> dict[str, int | str]:
    """Five answers about the runs of the experiment "card-type"; the last four are run ids.

    content: the SQLite file of a store, such as sixty_runs(). open_store(content) opens it in a new folder and gives
    its URI.

    A run *counts* when its status is FINISHED, its accuracy is a number (not NaN) and its param fitted_on is "train":
    "train+test" has seen the answers. Its accuracy is the metric cv_accuracy with the spread cv_std; older runs call
    them acc and acc_std. The param n_folds is the number of folds; like every param it's a text.
    n_counted     how many runs count
    Of the runs that count:
    best          the one with the highest accuracy
    safest        the one with the highest accuracy less one standard error, cv_std / sqrt(n_folds)
    most_overfit  the one whose train_accuracy exceeds its accuracy by most
    cheapest      the one with the lowest fit_seconds, of those at most 0.01 less accurate than best
    """
    mlflow.set_tracking_uri(open_store(content))
    runs = mlflow.search_runs(
        experiment_names=["card-type"], filter_string="params.fitted_on = 'train'"
    )
    runs = runs.reindex(columns=[*runs.columns, *{"metrics.acc", "metrics.acc_std"} - set(runs.columns)])
    runs = runs.assign(
        accuracy=runs["metrics.cv_accuracy"].fillna(runs["metrics.acc"]),
        spread=runs["metrics.cv_std"].fillna(runs["metrics.acc_std"]),
    )
    runs = runs[runs["accuracy"].notna()].set_index("run_id")
    error = runs["spread"] / np.sqrt(runs["params.n_folds"].astype(int))
    near = runs[runs["accuracy"] >= runs["accuracy"].max() - 0.01]
    return {
        "n_counted": len(runs),
        "best": runs["accuracy"].idxmax(),
        "safest": (runs["accuracy"] - error).idxmax(),
        "most_overfit": (runs["metrics.train_accuracy"] - runs["accuracy"]).idxmax(),
        "cheapest": near["metrics.fit_seconds"].idxmin(),
    }
    ### END SOLUTION
