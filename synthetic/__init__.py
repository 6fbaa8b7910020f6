"""Circles and squares: a video set whose anomalies are known exactly (spatial, temporal, both).

Normal are circles at normal speed; abnormal are squares, fast circles, and fast squares. A leaf: numpy, pandas and
OpenCV only, so anyone can copy the folder. Start at ``dataset.video_plan`` and ``dataset.render_video``.
"""
