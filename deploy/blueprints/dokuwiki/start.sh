#!/bin/sh
# Writes the configuration at every start and becomes Apache. The password comes as a file from the portal.
set -eu

conf=/etc/dokuwiki
[ -e "$conf/acl.auth.php" ] || cp -a /opt/osk/conf/. "$conf/" 2>/dev/null || true

cat > "$conf/local.php" <<'PHP'
<?php
$conf['title'] = 'DokuWiki (Testumgebung)';
$conf['lang'] = 'de';
$conf['license'] = '0';
$conf['useacl'] = 1;
$conf['superuser'] = '@admin';
$conf['disableactions'] = 'register';
$conf['updatecheck'] = 0;
$conf['mailfrom'] = 'wiki@example.org';
PHP
# Where people open it: the gate's address, or the container's own.
[ -z "${OSK_ORIGIN:-}" ] || printf "\$conf['baseurl'] = '%s';\n" "$OSK_ORIGIN" >> "$conf/local.php"
printf '*\t@ALL\t0\n*\t@user\t8\n' > "$conf/acl.auth.php"

php -r '
    $lines = "";
    foreach (["verwaltung" => "user,admin", "redaktion" => "user"] as $name => $groups) {
        $file = "/run/osk/$name";
        if (is_readable($file)) {
            $hash = password_hash(file_get_contents($file), PASSWORD_BCRYPT);
            $lines .= "$name:$hash:" . ucfirst($name) . ":$name@example.org:$groups\n";
        }
    }
    file_put_contents("/etc/dokuwiki/users.auth.php", $lines);
'

export APACHE_RUN_USER=www-data APACHE_RUN_GROUP=www-data APACHE_PID_FILE=/tmp/apache2.pid
export APACHE_RUN_DIR=/tmp APACHE_LOCK_DIR=/tmp APACHE_LOG_DIR=/tmp
exec apache2 -DFOREGROUND
