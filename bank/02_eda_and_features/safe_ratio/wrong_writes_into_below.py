# misconception: a series that was passed may be used up
# loses: ratio_is_always_finite
# may lose: ratio_is_exact
def safe_ratio(above: pd.Series, below: pd.Series, name: str) -> pd.DataFrame:
    below[below == 0] = np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = above.astype(float) / below.astype(float)
    is_defined = np.isfinite(above.astype(float)) & np.isfinite(below.astype(float)) & (below != 0)
    return pd.DataFrame({name: ratio.where(is_defined, 0.0), f"{name}_undefined": ~is_defined})
