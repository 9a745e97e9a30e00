# misconception: True is 1
# loses: ratio_is_always_finite
def safe_ratio(above: pd.Series, below: pd.Series, name: str) -> pd.DataFrame:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = above.astype(float) / below.astype(float)
    is_defined = np.isfinite(above.astype(float)) & np.isfinite(below.astype(float)) & (below != 0)
    return pd.DataFrame({name: ratio.where(is_defined, 0.0), f"{name}_undefined": (~is_defined).astype(int)})
