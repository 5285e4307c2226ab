"""Scenes: a scripted district of three departments, in which each rule has its scene. Played by the tests."""
