# misconception: after the division inf is the only trouble
# loses: ratio_is_always_finite
def safe_ratio(above, below, name):
    ratio = above.astype(float) / below.astype(float)
    return pd.DataFrame({name: ratio.replace([np.inf, -np.inf], 0.0).fillna(0.0), f"{name}_undefined": np.isinf(ratio)})
