"""A swimming pool filmed from the side: empty for training, with swimmers for test, every swimmer's pixels known.

Water that moves, lane ropes, borders, deck, stands, reflections, a camera that hardly keeps still. A leaf: numpy and
OpenCV only. Start at ``dataset.video_plan`` and ``dataset.render_frame``. After the project that seed 004 reports on,
whose 317 annotated competition frames are not public.
"""
