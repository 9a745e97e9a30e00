# style: named transformers, scaled numbers, a linear model
# loses: nothing
def make_reader():
    prepare = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS),
            ("words", make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")), WORDS),
        ]
    )
    return Pipeline([("prepare", prepare), ("model", LogisticRegression(max_iter=300))])


from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import StandardScaler

NUMBERS, WORDS = "hp retreat attack_cost max_damage release_year".split(), "stage weakness resistance rarity".split()
