# misconception: a weakness that train doesn't know can be left out of the score
# loses: ladder_has_a_napkin
def ladder(train: pd.DataFrame, valid: pd.DataFrame) -> pd.DataFrame:
    """Three baselines, learned from train and scored on valid: one row each, in the order dummy, rule, logreg.

    dummy   says the most frequent type of train, always
    rule    says the most frequent type among train's cards with the same weakness; where train knows no such card, what
            dummy says
    logreg  is make_model({"kind": "logreg", "C": 1.0}), fitted on the columns FEATURES
    Of equally frequent types the alphabetically first one counts. Columns: model; train_accuracy and valid_accuracy,
    the shares of right types among all cards of train and of valid; gain, the valid_accuracy less that of the row above
    (for dummy less 0). Both tables have FEATURES and type (a category), and stay as they were.

    >>> fire = {"hp": 60, "max_damage": 30, "attack_cost": 1, "retreat": 1, "stage": "Basic", "weakness": "Water"}
    >>> fire |= {"resistance": "-", "type": "Fire"}
    >>> cards = pd.DataFrame([fire, fire, fire | {"weakness": "Fire", "type": "Metal"}])
    >>> ladder(cards, cards)[["model", "valid_accuracy"]].head(2).round(2).values.tolist()
    [['dummy', 0.67], ['rule', 1.0]]
    """
    kinds = train["type"].astype(str)
    most = kinds.mode()[0]
    napkin = kinds.groupby(train["weakness"]).agg(lambda types: types.mode()[0])
    model = make_model({"kind": "logreg", "C": 1.0}).fit(train[FEATURES], kinds)
    says = {
        "dummy": lambda cards: np.full(len(cards), most),
        "rule": lambda cards: cards["weakness"].map(napkin).fillna("?").to_numpy(),
        "logreg": lambda cards: model.predict(cards[FEATURES]),
    }
    rungs = pd.DataFrame(
        {
            "model": list(says),
            "train_accuracy": [np.mean(say(train) == kinds.to_numpy()) for say in says.values()],
            "valid_accuracy": [np.mean(say(valid) == valid["type"].astype(str).to_numpy()) for say in says.values()],
        }
    )
    return rungs.assign(gain=rungs["valid_accuracy"].diff().fillna(rungs["valid_accuracy"]))
    ### END SOLUTION
