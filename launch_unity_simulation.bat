@echo off
rem Starts the Unity build that config.yml names and waits until it answers. Options:
rem   launch_unity_simulation.bat --port 10001
setlocal
cd /d "%~dp0"
if not exist ".venv\Scripts\python.exe" goto no_environment
".venv\Scripts\python.exe" -m rl_pipeline unity --config config.yml %*
exit /b %errorlevel%

:no_environment
echo There is no Python environment in .venv. Make it with: 1>&2
echo   py -3.11 -m venv .venv 1>&2
echo   .venv\Scripts\python -m pip install -c constraints.txt -e . 1>&2
exit /b 2
