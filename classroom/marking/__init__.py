"""Who marks which piece and when: shares, claims, drafts, pace, calibration, scoring anew."""
