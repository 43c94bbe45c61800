<?php
// Brings a WordPress to what the posts in a file (JSON) say, as its own functions do it: `php wordpress.php FOLDER FILE`.
$_SERVER['HTTP_HOST'] = parse_url(getenv('WORDPRESS_HOME'), PHP_URL_HOST) . ':' . parse_url(getenv('WORDPRESS_HOME'), PHP_URL_PORT);
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
[, $folder, $file] = $argv;
$wanted = json_decode(file_get_contents($file), true);
if ($wanted['install']) {
    define('WP_INSTALLING', true);
}
require "$folder/wp-load.php";
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
require_once ABSPATH . 'wp-admin/includes/image.php';
if ($wanted['install']) {
    wp_install($wanted['title'], 'editor', 'editor@localhost.example', true, '', 'secret', $wanted['language']);
    update_option('permalink_structure', '/%year%/%monthnum%/%postname%/');
    update_option('timezone_string', 'UTC');
    update_option('template', $wanted['theme']);
    update_option('stylesheet', $wanted['theme']);
    foreach (get_posts(['post_type' => ['post', 'page'], 'post_status' => 'any', 'numberposts' => -1]) as $sample) {
        wp_delete_post($sample->ID, true);
    }
    exit(0);
}

function author($name)
{
    $login = 'a' . substr(md5($name), 0, 8);
    $known = get_user_by('login', $login);
    return $known ? $known->ID : wp_insert_user(['user_login' => $login, 'user_pass' => 'secret', 'display_name' => $name, 'role' => 'author']);
}

function picture($path, $post)
{
    $there = wp_upload_bits(basename($path), null, file_get_contents($path));
    $id = wp_insert_attachment(['post_mime_type' => 'image/png', 'post_title' => 'harbour', 'post_status' => 'inherit'], $there['file'], $post);
    wp_update_attachment_metadata($id, wp_generate_attachment_metadata($id, $there['file']));
    set_post_thumbnail($post, $id);
}

$kept = [];
foreach ($wanted['posts'] as $one) {
    $found = get_posts(['meta_key' => 'number', 'meta_value' => $one['number'], 'post_status' => 'any', 'numberposts' => 1]);
    $category = term_exists($one['section'], 'category') ?: wp_insert_term($one['section'], 'category');
    $values = [
        'post_title' => wp_slash($one['headline']), 'post_content' => wp_slash($one['content']), 'post_name' => $one['path'],
        'post_status' => $one['status'], 'post_date' => $one['date'], 'post_date_gmt' => $one['date'], 'edit_date' => true,
        'post_author' => author($one['author']), 'post_category' => [(int) $category['term_id']],
        'post_password' => $one['password'], 'meta_input' => ['number' => $one['number']],
    ];
    if (!$found) {
        $id = wp_insert_post($values, true);
        if (is_wp_error($id)) {
            fwrite(STDERR, $id->get_error_message());
            exit(1);
        }
        if ($one['picture']) {
            picture($one['picture'], $id);
        }
        if ($one['sticky']) {
            stick_post($id);
        }
    } else {
        $id = $found[0]->ID;
        $now = array_map(fn($name) => (string) $found[0]->$name, ['post_title', 'post_content', 'post_name', 'post_status']);
        if ($now !== [$one['headline'], $one['content'], $one['path'], $one['status']]) {
            wp_update_post(['ID' => $id] + $values);
        }
    }
    $kept[] = $id;
}
foreach (get_posts(['post_status' => ['publish', 'future'], 'numberposts' => -1, 'exclude' => $kept]) as $gone) {
    wp_trash_post($gone->ID);
}
flush_rewrite_rules(false);
