@echo off
rem Bellhop's commands on Windows. Needs a JDK 17 or newer and nothing else.
setlocal
set "HERE=%~dp0"
set "JAR=%HERE%quickstart\target\quickstart.jar"
set "JAVA=java"
if defined JAVA_HOME set "JAVA=%JAVA_HOME%\bin\java"

if "%~1"=="" goto usage
if "%~1"=="up" goto run
if "%~1"=="token" goto run
if "%~1"=="try" goto run
if "%~1"=="test" goto test
echo bellhop: there is no command "%~1". 1>&2
goto usage

:run
set "FULL=0"
set "ANSWER=%TEMP%\bellhop-java-version.txt"
"%JAVA%" -version 2>"%ANSWER%"
for /f "usebackq tokens=2,3" %%a in ("%ANSWER%") do if "%%a"=="version" set "FULL=%%~b"
for /f "delims=.-+ tokens=1" %%m in ("%FULL%") do set "MAJOR=%%m"
if %MAJOR% LSS 17 (
    echo bellhop: Bellhop needs a JDK 17 or newer; install one or set JAVA_HOME. 1>&2
    exit /b 1
)
if exist "%JAR%" goto start
echo Building Bellhop; the first time takes a minute or two. 1>&2
pushd "%HERE%"
call mvnw.cmd -q -pl quickstart -am -DskipTests package
if errorlevel 1 (
    popd
    exit /b 1
)
popd
:start
if not "%~1"=="up" goto launch
if defined BELLHOP_DASHBOARD_DIR goto launch
if exist "%HERE%dashboard\dist\index.html" goto built
where npm >nul 2>nul
if errorlevel 1 (
    echo bellhop: the dashboard needs Node 20.19 or newer with npm to be built, and there is none. 1>&2
    goto launch
)
echo Building the dashboard. 1>&2
pushd "%HERE%dashboard"
call npm ci --no-audit --no-fund 1>&2 && call npm run --silent build 1>&2
popd
if not exist "%HERE%dashboard\dist\index.html" goto launch
:built
set "BELLHOP_DASHBOARD_DIR=%HERE%dashboard\dist"
:launch
"%JAVA%" "@%HERE%jvm.options" -jar "%JAR%" %*
exit /b %errorlevel%

:test
pushd "%HERE%"
call mvnw.cmd -B verify
if errorlevel 1 goto tested
where npm >nul 2>nul
if errorlevel 1 (
    echo bellhop: The tests of client and dashboard need Node 20 or newer, and there is no npm: they were left out. 1>&2
    popd
    if defined CI exit /b 1
    exit /b 0
)
cd client
call npm ci --no-audit --no-fund
if errorlevel 1 goto tested
call npm test
if errorlevel 1 goto tested
cd ..\dashboard
call npm ci --no-audit --no-fund
if errorlevel 1 goto tested
call npm test
:tested
set "RESULT=%errorlevel%"
popd
exit /b %RESULT%

:usage
echo Bellhop: a REST API and a realtime service that never silently lose, repeat, reorder or leak an event.
echo.
echo   bellhop up                start everything: PostgreSQL, both services, demo data (Ctrl-C stops it)
echo   bellhop token EMAIL       print an access token of that user, for curl
echo   bellhop token --service   print an access token for machines
echo   bellhop try               check what is running: a valid, a missing and an invalid token
echo   bellhop test              build everything and run every test
echo.
echo Settings are environment variables. After changing sources delete quickstart\target\quickstart.jar and dashboard\dist.
if "%~1"=="" exit /b 0
exit /b 1
