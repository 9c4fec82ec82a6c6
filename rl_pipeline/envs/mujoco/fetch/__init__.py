"""The Fetch arm of gymnasium-robotics: reach, push, slide, pick and place."""
