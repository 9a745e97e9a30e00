# misconception: pandas doesn't raise, so all is well
# loses: ratio_is_always_finite
def safe_ratio(above, below, name):
    ratio = above / below
    return pd.DataFrame({name: ratio, f"{name}_undefined": below == 0})
